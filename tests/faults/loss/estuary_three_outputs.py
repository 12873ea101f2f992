import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from sklearn.preprocessing import StandardScaler


class EstuaryNet(nn.Module):
    """Predicts salinity, turbidity and oxygen from eight mooring readings."""

    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:]))

    def forward(self, x):
        for layer in self.layers:
            x = F.relu(layer(x))
        return x


def simulate(n, rng):
    x = rng.uniform(-1, 1, (n, 8))
    sal = 20 + 6 * np.tanh(2 * x[:, 0]) + 3 * x[:, 1] * x[:, 2]
    tur = 5 + 2 * np.sin(2.5 * x[:, 3]) + x[:, 4] ** 2 - x[:, 0]
    oxy = 8 - 1.5 * x[:, 5] + 0.8 * x[:, 6] * x[:, 7] - 0.1 * (sal - 20)
    y = np.stack([sal, tur, oxy], 1)
    return x, y + rng.normal(0, 0.15, y.shape) * y.std(0)


torch.manual_seed(11)
rng = np.random.default_rng(11)
x, y = simulate(3600, rng)
xs, ys = StandardScaler().fit(x[:3000]), StandardScaler().fit(y[:3000])
x = torch.from_numpy(xs.transform(x)).float()
y = torch.from_numpy(ys.transform(y)).float()
x_train, y_train, x_val, y_val = x[:3000], y[:3000], x[3000:], y[3000:]

model = EstuaryNet([8, 48, 48, 3])
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)

for epoch in range(40):
    model.train()
    order = torch.randperm(len(x_train))
    running = 0.0
    for start in range(0, len(order), 60):
        idx = order[start:start + 60]
        loss = F.mse_loss(model(x_train[idx]), y_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.item() * len(idx)
    schedule.step()
    model.eval()
    with torch.no_grad():
        val = F.mse_loss(model(x_val), y_val).item()
    if epoch % 4 == 3:
        print(f"[{epoch + 1:3d}] train mse {running / len(order):.4f}  val mse {val:.4f}")

with torch.no_grad():
    resid = ((model(x_val) - y_val) ** 2).sum(0)
    r2 = 1 - resid / ((y_val - y_val.mean(0)) ** 2).sum(0)
for name, r in zip(["salinity", "turbidity", "oxygen"], r2.tolist()):
    print(f"  {name:10s} R2 {r:.3f}")
print(f"mean R2: {r2.mean().item():.4f}")
