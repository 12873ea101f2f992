"""Braking distance on wet runways from touchdown data of short sensor traces."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)
torch.set_num_threads(1)


def landings(n, steps=24):
    mass = torch.rand(n, 1) * 2 - 1
    speed = torch.randn(n, 1)
    grip = torch.rand(n, 1)
    t = torch.linspace(0, 1, steps)
    wheel = torch.exp(-t * (1 + 2 * grip)) * (1 + 0.3 * speed) + 0.03 * torch.randn(n, steps)
    pressure = (1 - torch.exp(-5 * t)) * (1 + 0.4 * mass) + 0.03 * torch.randn(n, steps)
    distance = (2.2 + 0.5 * speed) ** 2 * (1.2 + 0.4 * mass) / (0.6 + grip)
    return torch.stack([wheel, pressure], 1), distance.squeeze(1)


class TraceNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(2, 16, 5, padding=2), nn.ReLU(), nn.AvgPool1d(2),
            nn.Conv1d(16, 16, 3, padding=1), nn.ReLU(), nn.AvgPool1d(2),
        )
        self.fc = nn.Sequential(nn.Linear(16 * 6, 48), nn.ReLU(), nn.Linear(48, 1))

    def forward(self, trace):
        return self.fc(self.conv(trace).flatten(1))


def log_cosh(pred, target):
    e = pred - target
    return (e + nn.functional.softplus(-2 * e) - 0.6931472).mean()


def test_mae(model, loader, scale):
    model.eval()
    err, n = 0.0, 0
    with torch.no_grad():
        for trace, dist in loader:
            err += (model(trace).flatten() - dist).abs().sum().item()
            n += len(dist)
    return err / n * scale


traces, dist = landings(2500)
m, s = dist[:2000].mean(), dist[:2000].std()
dist = (dist - m) / s
tm, ts = traces[:2000].mean((0, 2), keepdim=True), traces[:2000].std((0, 2), keepdim=True)
traces = (traces - tm) / ts
train = DataLoader(TensorDataset(traces[:2000], dist[:2000]), batch_size=50, shuffle=True)
test = DataLoader(TensorDataset(traces[2000:], dist[2000:]), batch_size=250)

model = TraceNet()
opt = torch.optim.NAdam(model.parameters(), lr=1.5e-3)
for epoch in range(1, 16):
    model.train()
    running = 0.0
    for trace, target in train:
        opt.zero_grad()
        loss = log_cosh(model(trace), target)
        loss.backward()
        opt.step()
        running += loss.item()
    if epoch % 5 == 0:
        print(f"epoch {epoch:2d} train {running / len(train):.4f} test mae {test_mae(model, test, s.item()):.4f} (100 m)")
