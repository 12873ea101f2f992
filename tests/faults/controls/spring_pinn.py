"""Damped oscillator x'' + 2 d x' + w^2 x = 0, x(0) = 1, x'(0) = 0, learnt from the equation alone."""
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(0)
D, W = 0.3, 2.0
T_END = 3.0


class Trajectory(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def forward(self, t):
        s = 2 * t / T_END - 1
        return 1.0 + t ** 2 * self.net(s)      # both initial conditions hold by construction


def residual(model, t):
    t = t.requires_grad_(True)
    x = model(t)
    dx = torch.autograd.grad(x.sum(), t, create_graph=True)[0]
    ddx = torch.autograd.grad(dx.sum(), t, create_graph=True)[0]
    return ddx + 2 * D * dx + W ** 2 * x


def exact(t):
    w = np.sqrt(W ** 2 - D ** 2)
    return np.exp(-D * t) * (np.cos(w * t) + D / w * np.sin(w * t))


model = Trajectory()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=1600)
grid = np.linspace(0, T_END, 200)
for step in range(1, 1601):
    t = T_END * torch.rand(64, 1)
    loss = residual(model, t).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 160 == 0:
        with torch.no_grad():
            guess = model(torch.tensor(grid, dtype=torch.float32).unsqueeze(1)).squeeze(1).numpy()
        rmse = float(np.sqrt(np.mean((guess - exact(grid)) ** 2)))
        print(f"step {step:4d}  residual {loss.item():.5f}  rmse to the exact solution {rmse:.5f}")
