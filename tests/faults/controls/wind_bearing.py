import math
import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(61)
torch.manual_seed(61)

# Eight pressure taps around a cylinder -> bearing of the wind
n, taps = 3600, np.arange(8) * math.pi / 4
bearing = rng.uniform(-math.pi, math.pi, n)
speed = rng.uniform(0.8, 1.4, n)
press = speed[:, None] ** 2 * (1 - 3 * np.sin((taps - bearing[:, None]) / 2) ** 2 * np.exp(-0.3 * np.cos(taps - bearing[:, None])))
press += rng.normal(0, 0.6, press.shape)
train, test = np.arange(2800), np.arange(2800, n)
press = (press - press[train].mean(0)) / press[train].std(0)
X = torch.tensor(press, dtype=torch.float32)
B = torch.tensor(bearing, dtype=torch.float32)


class Vane(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.LayerNorm(32), nn.Linear(32, 2))

    def forward(self, x):
        v = self.body(x)
        return v / v.norm(dim=1, keepdim=True).clamp_min(1e-6)

    def angle(self, x):
        v = self(x)
        return torch.atan2(v[:, 1], v[:, 0])


def alignment_loss(v, angle):
    return -(v[:, 0] * angle.cos() + v[:, 1] * angle.sin()).mean()


def degrees_off(a, b):
    d = torch.remainder(a - b + math.pi, 2 * math.pi) - math.pi
    return d.abs().mean().item() * 180 / math.pi


vane = Vane()
opt = torch.optim.SGD(vane.parameters(), lr=0.1, momentum=0.9)
sched = torch.optim.lr_scheduler.LinearLR(opt, 1.0, 0.02, total_iters=20)
for epoch in range(20):
    vane.train()
    total = 0.0
    for idx in torch.randperm(len(train)).split(56):
        loss = alignment_loss(vane(X[idx]), B[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(idx) / len(train)
    sched.step()
    vane.eval()
    with torch.no_grad():
        held = alignment_loss(vane(X[test]), B[test]).item()
        off = degrees_off(vane.angle(X[test]), B[test])
    print(f"epoch {epoch + 1:2d}  loss {total:.4f}  held-out {held:.4f}  mean error {off:.2f} deg")
print(f"mean bearing error: {off:.2f} deg")
