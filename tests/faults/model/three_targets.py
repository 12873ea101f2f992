import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)


def simulate(n):
    """Damped oscillator: parameters -> amplitude, period and energy after one second."""
    p = torch.rand(n, 3) + 0.5
    k, m, c = p.unbind(1)
    omega = (k / m).sqrt()
    amp = torch.exp(-c / (2 * m))
    period = 2 * torch.pi / omega
    energy = 0.5 * k * amp ** 2
    return p, torch.stack([amp, period, energy], dim=1)


class MultiTaskNet(nn.Module):
    def __init__(self, n_in=3, hidden=48, n_tasks=3):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(n_in, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU())
        self.heads = nn.ModuleList([nn.Linear(hidden, 1)] * n_tasks)

    def forward(self, x):
        h = self.trunk(x)
        return torch.cat([head(h) for head in self.heads], dim=1)


p_tr, t_tr = simulate(2000)
p_va, t_va = simulate(500)
pm, ps, tm, ts = p_tr.mean(0), p_tr.std(0), t_tr.mean(0), t_tr.std(0)
train = DataLoader(TensorDataset((p_tr - pm) / ps, (t_tr - tm) / ts), batch_size=64, shuffle=True)
x_va, y_va = (p_va - pm) / ps, (t_va - tm) / ts

model = MultiTaskNet()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.85)
mse = nn.MSELoss()
for epoch in range(25):
    model.train()
    running = 0.0
    for x, y in train:
        pred = model(x)
        loss = sum(mse(pred[:, i], y[:, i]) for i in range(3)) / 3
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.item() * len(x)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        per_task = ((model(x_va) - y_va) ** 2).mean(0)
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1} train {running / 2000:.4f} val", [round(v, 4) for v in per_task.tolist()])
print(f"mean val mse {per_task.mean().item():.5f}")
