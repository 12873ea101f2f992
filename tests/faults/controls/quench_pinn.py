"""Physics-informed network for a damped oscillator x'' + 2 z w x' + w^2 x = 0 (no data, only the equation)."""
import math

import torch
import torch.nn as nn

torch.manual_seed(14)
W, Z, T_END = 3.0, 0.15, 2.0


def exact(t):
    wd = W * math.sqrt(1 - Z ** 2)
    return torch.exp(-Z * W * t) * (torch.cos(wd * t) + Z * W / wd * torch.sin(wd * t))


class Field(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, t):
        s = 2 * t / T_END - 1
        return 1 + t ** 2 * self.net(s)


def derivative(f, t):
    return torch.autograd.grad(f, t, torch.ones_like(f), create_graph=True)[0]


def residual(field, t):
    t = t.requires_grad_(True)
    x = field(t)
    v = derivative(x, t)
    a = derivative(v, t)
    return (a + 2 * Z * W * v + W ** 2 * x) / W ** 2


field = Field()
opt = torch.optim.Adam(field.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, gamma=0.997)
for step in range(1, 1501):
    t = T_END * torch.rand(64, 1)
    loss = residual(field, t).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if step % 150 == 0:
        print(f"step {step:5d} residual {loss.item():.3e}")
with torch.no_grad():
    grid = torch.linspace(0, T_END, 200)[:, None]
    err = (field(grid) - exact(grid)).square().mean().sqrt() / exact(grid).square().mean().sqrt()
print(f"relative error {err.item():.5f}")
