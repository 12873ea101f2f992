"""Five quantiles at once for noisy, heteroscedastic river discharge."""
import numpy as np
import torch
import torch.nn as nn

QUANTILES = torch.tensor([0.05, 0.25, 0.5, 0.75, 0.95])


class BandNet(nn.Module):
    """Quantiles as a base plus positive increments, so that they never cross."""

    def __init__(self, d_in, hidden=32):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(d_in, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU())
        self.base = nn.Linear(hidden, 1)
        self.gaps = nn.Linear(hidden, len(QUANTILES) - 1)

    def forward(self, x):
        h = self.trunk(x)
        return torch.cat([self.base(h), nn.functional.softplus(self.gaps(h))], dim=1).cumsum(dim=1)


def pinball_loss(pred, target):
    diff = target[:, None] - pred
    return torch.maximum(QUANTILES * diff, (QUANTILES - 1) * diff).mean()


def river(n, seed):
    r = np.random.default_rng(seed)
    x = r.uniform(-1.7, 1.7, size=(n, 3))
    spread = 0.4 + 0.5 * (x[:, 1] > 0) + 0.2 * np.abs(x[:, 2])
    y = np.sin(1.5 * x[:, 0]) + 0.4 * x[:, 2] + spread * r.normal(size=n)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


torch.manual_seed(15)
x, y = river(6000, 15)
xv, yv = river(1500, 16)
mu, sd = y.mean(), y.std()
y, yv = (y - mu) / sd, (yv - mu) / sd

net = BandNet(3)
optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.4, patience=2)
for epoch in range(20):
    net.train()
    for idx in torch.randperm(len(x)).split(120):
        loss = pinball_loss(net(x[idx]), y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        bands = net(xv)
        val = pinball_loss(bands, yv).item()
        inside = ((yv > bands[:, 0]) & (yv < bands[:, -1])).float().mean().item()
    plateau.step(val)
    print(f"epoch {epoch + 1:2d} 90% band holds {inside:.3f} validation pinball {val:.4f}")
