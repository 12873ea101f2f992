"""Mixture density network: where a bat turns next, given the echo delay (several answers are right)."""
import math

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(33)
K = 4


def echoes(n):
    y = torch.rand(n, 1) * 2 - 1
    x = y + 0.3 * torch.sin(2 * math.pi * y) + 0.08 * torch.randn(n, 1)
    return x, y


class MDN(nn.Module):
    def __init__(self, width=40):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh())
        self.pi, self.mu, self.log_sigma = nn.Linear(width, K), nn.Linear(width, K), nn.Linear(width, K)
        nn.init.uniform_(self.mu.bias, -1.0, 1.0)

    def forward(self, x):
        h = self.trunk(x)
        return self.pi(h).log_softmax(-1), self.mu(h), self.log_sigma(h).clamp(-5, 2)


def nll(out, y):
    log_pi, mu, log_sigma = out
    z = (y - mu) * torch.exp(-log_sigma)
    component = -0.5 * z ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)
    return -torch.logsumexp(log_pi + component, dim=-1).mean()


def test(model, x, y):
    model.eval()
    with torch.no_grad():
        return nll(model(x), y).item()


x, y = echoes(5000)
x = (x - x[:4000].mean()) / x[:4000].std()
y = (y - y[:4000].mean()) / y[:4000].std()
loader = DataLoader(TensorDataset(x[:4000], y[:4000]), batch_size=80, shuffle=True)
model = MDN()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 24)
for epoch in range(24):
    model.train()
    total = 0.0
    for xb, yb in loader:
        loss = nll(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        opt.step()
        total += loss.item()
    sched.step()
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1:2d} train nll {total / len(loader):.4f} test nll {test(model, x[4000:], y[4000:]):.4f}")
print(f"held-out negative log-likelihood: {test(model, x[4000:], y[4000:]):.4f}")
