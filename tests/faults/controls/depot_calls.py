"""Breakdown calls to a depot per half-hour: a neural Poisson intensity, fitted by climbing the log-likelihood."""
import math

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def calendar(n, rng):
    hour, day = rng.uniform(0, 24, n), rng.integers(0, 7, n)
    frost, rain = rng.gamma(1.2, 1.0, n), rng.exponential(0.8, n)
    log_rate = (-0.9 + 1.3 * np.exp(-((hour - 8) ** 2) / 4) + 0.9 * np.exp(-((hour - 17.5) ** 2) / 6)
                - 0.6 * (day > 4) + 0.45 * np.minimum(frost, 3) * (hour < 11) + 0.25 * np.minimum(rain, 3))
    calls = rng.poisson(np.exp(log_rate))
    x = np.stack([np.sin(2 * np.pi * hour / 24), np.cos(2 * np.pi * hour / 24), np.sin(4 * np.pi * hour / 24),
                  np.cos(4 * np.pi * hour / 24), (day > 4) * 2.0 - 0.6, frost / 1.2 - 1, rain / 0.8 - 1], 1)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(calls, dtype=torch.float32)


def log_likelihood(log_rate, calls):
    """Without the log(k!) term, which the model cannot change."""
    return (calls * log_rate - log_rate.exp()).mean()


def deviance(log_rate, calls):
    k = calls.clamp(min=1e-9)
    return 2 * (calls * (k.log() - log_rate) * (calls > 0) - (calls - log_rate.exp())).mean()


class Intensity(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(7, 48), nn.Softplus(), nn.Linear(48, 48), nn.Softplus(), nn.Linear(48, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1)


rng = np.random.default_rng(3)
torch.manual_seed(3)
x_fit, n_fit = calendar(16000, rng)
x_new, n_new = calendar(5000, rng)
loader = DataLoader(TensorDataset(x_fit, n_fit), batch_size=200, shuffle=True)

model = Intensity()
climber = torch.optim.Adam(model.parameters(), lr=5e-3, maximize=True)
EPOCHS = 9
sched = torch.optim.lr_scheduler.OneCycleLR(climber, 1e-2, total_steps=EPOCHS * len(loader))

for epoch in range(EPOCHS):
    total = 0.0
    for x, n in loader:
        gain = log_likelihood(model(x), n)
        climber.zero_grad()
        gain.backward()
        climber.step()
        sched.step()
        total += gain.item()
    with torch.no_grad():
        eta = model(x_new)
        flat = torch.full_like(n_new, math.log(n_fit.mean().item()))
        d2 = 1 - (deviance(eta, n_new) / deviance(flat, n_new)).item()
    print(f"pass {epoch + 1}: log-lik fit {total / len(loader):+.4f}  new {log_likelihood(eta, n_new).item():+.4f}  D2 {d2:.4f}")
print(f"deviance explained on new half-hours {d2:.4f}")
