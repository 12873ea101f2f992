"""Estimate the bearing of a tidal current from an array of eight pressure sensors."""
from dataclasses import dataclass
import math

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Config:
    sensors: int = 8
    hidden: int = 48
    steps: int = 900
    batch: int = 128
    lr: float = 2e-3
    noise: float = 0.25
    seed: int = 21


cfg = Config()
torch.manual_seed(cfg.seed)
gen = torch.Generator().manual_seed(cfg.seed + 1)
positions = torch.linspace(0, 2 * math.pi, cfg.sensors + 1)[:-1]


def sample(n):
    angle = torch.rand(n, generator=gen) * 2 * math.pi
    speed = 0.5 + torch.rand(n, generator=gen)
    clean = speed[:, None] * (torch.cos(angle[:, None] - positions) + 0.4 * torch.cos(2 * (angle[:, None] - positions)))
    x = clean + cfg.noise * torch.randn(n, cfg.sensors, generator=gen)
    return x, torch.stack([angle.cos(), angle.sin()], dim=1)


class BearingNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(cfg.sensors, cfg.hidden), nn.SiLU(), nn.Linear(cfg.hidden, cfg.hidden), nn.SiLU())
        self.head = nn.Linear(cfg.hidden, 2)

    def forward(self, x):
        return F.normalize(self.head(self.body(x)), dim=1)


def direction_loss(pred, target):
    similarity = F.cosine_similarity(pred, target, dim=1)
    return similarity.mean()


def angular_error(pred, target):
    cos = (pred * target).sum(1).clamp(-1, 1)
    return torch.rad2deg(torch.acos(cos)).mean().item()


model = BearingNet(cfg)
optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
x_test, d_test = sample(2000)

for step in range(1, cfg.steps + 1):
    x, d = sample(cfg.batch)
    loss = direction_loss(model(x), d)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        model.eval()
        with torch.no_grad():
            err = angular_error(model(x_test), d_test)
        model.train()
        print(f"step {step:4d}  loss {loss.item():+.4f}  test error {err:.2f} deg")

model.eval()
with torch.no_grad():
    print(f"mean angular error: {angular_error(model(x_test), d_test):.2f}")
