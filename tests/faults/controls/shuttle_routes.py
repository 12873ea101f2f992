"""Arrival-time quantiles for an airport shuttle; traffic is noisy, batches are small."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

QUANTILES = torch.tensor([0.1, 0.5, 0.9])


def trips(n, rng):
    hour = rng.uniform(5, 23, n)
    km = rng.uniform(4, 40, n)
    rain = rng.binomial(1, 0.3, n)
    rush = np.exp(-((hour - 8) / 1.5) ** 2) + np.exp(-((hour - 17.5) / 2) ** 2)
    minutes = 5 + 1.5 * km * (1 + 0.6 * rush) * (1 + 0.15 * rain) + rng.gumbel(0, 1, n) * (3 + 6 * rush)
    x = np.column_stack([np.sin(hour / 24 * 6.283), np.cos(hour / 24 * 6.283), np.sin(hour / 12 * 6.283),
                         np.cos(hour / 12 * 6.283), (km - 22) / 10.4, rain - 0.3])
    return torch.tensor(x, dtype=torch.float32), torch.tensor((minutes - 45) / 25, dtype=torch.float32)


def pinball(pred, y):
    d = y.unsqueeze(1) - pred
    return torch.maximum(QUANTILES * d, (QUANTILES - 1) * d).mean()


class QuantileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(6, 64), nn.SiLU(), nn.Linear(64, 32), nn.SiLU())
        self.mid = nn.Linear(32, 1)
        self.gaps = nn.Linear(32, 2)

    def forward(self, x):
        h = self.trunk(x)
        m, g = self.mid(h), nn.functional.softplus(self.gaps(h))
        return torch.cat([m - g[:, :1], m, m + g[:, 1:]], 1)


rng = np.random.default_rng(23)
torch.manual_seed(23)
train = DataLoader(TensorDataset(*trips(8000, rng)), batch_size=16, shuffle=True)
xt, yt = trips(3000, rng)
net = QuantileNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
total = 4 * len(train)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, total)
step = 0
for _ in range(4):
    for x, y in train:
        net.train()
        loss = pinball(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        step += 1
        if step % 100 == 0:
            print(f"step {step} loss {loss.item():.4f}")
net.eval()
with torch.no_grad():
    q = net(xt)
print("coverage 10-90: %.3f" % ((yt > q[:, 0]) & (yt < q[:, 2])).float().mean().item())
print("test pinball %.4f" % pinball(q, yt).item())
