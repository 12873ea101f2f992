"""Echo state network: fixed random reservoir, trained linear readout, NARMA-like target."""
import torch
import torch.nn as nn

torch.manual_seed(23)


class Reservoir(nn.Module):
    def __init__(self, units=120, radius=0.9):
        super().__init__()
        self.w_in = nn.Parameter(0.5 * (2 * torch.rand(units, 1) - 1), requires_grad=False)
        w = torch.randn(units, units) * (torch.rand(units, units) < 0.1)
        self.w = nn.Parameter(w * radius / torch.linalg.eigvals(w).abs().max(), requires_grad=False)

    @torch.no_grad()
    def forward(self, u):
        h = torch.zeros(self.w.size(0))
        states = []
        for v in u:
            h = torch.tanh(self.w @ h + self.w_in[:, 0] * v)
            states.append(h)
        return torch.stack(states)


class ESN(nn.Module):
    def __init__(self):
        super().__init__()
        self.reservoir = Reservoir()
        self.norm = nn.BatchNorm1d(120, affine=False)
        self.readout = nn.Linear(120, 1)

    def forward(self, states):
        return self.readout(self.norm(states)).squeeze(1)


def signal(n):
    u = 2 * torch.rand(n) - 1
    y = torch.zeros(n)
    for k in range(4, n):
        y[k] = 0.4 * y[k - 1] + 0.3 * u[k - 1] * u[k - 3] + 0.5 * u[k - 2] + 0.2 * y[k - 2]
    return u, y + 0.02 * torch.randn(n)


u, y = signal(3600)
y = (y - y[:2800].mean()) / y[:2800].std()
esn = ESN()
states = esn.reservoir(u)
train = torch.arange(100, 2800)
test = torch.arange(2850, 3600)

optimizer = torch.optim.Adam([p for p in esn.parameters() if p.requires_grad], lr=5e-3, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 40)
for epoch in range(40):
    esn.train()
    for b in train[torch.randperm(len(train))].split(90):
        loss = nn.functional.mse_loss(esn(states[b]), y[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    esn.eval()
    with torch.no_grad():
        nmse = nn.functional.mse_loss(esn(states[test]), y[test]).item() / y[test].var().item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: train mse {loss.item():.4f} test NMSE {nmse:.4f}")
