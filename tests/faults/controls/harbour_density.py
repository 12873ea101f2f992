"""Mixture density for mooring loads: the log-likelihood itself is climbed (maximize=True)."""
import math
import numpy as np
import torch
import torch.nn as nn


def moorings(n, seed):
    g = np.random.default_rng(seed)
    wind = g.uniform(-2, 2, n)
    slack = g.uniform(size=n) < 0.35
    load = np.where(slack, -0.8 + 0.15 * wind, np.sin(1.5 * wind) + 0.5 * wind) + 0.12 * g.normal(size=n)
    return (torch.tensor(wind / 1.155, dtype=torch.float32)[:, None], torch.tensor(load, dtype=torch.float32)[:, None])


class MixtureHead(nn.Module):
    def __init__(self, k=3, hidden=32):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(1, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.weight, self.mean, self.log_sd = (nn.Linear(hidden, k) for _ in range(3))

    def log_prob(self, x, y):
        h = self.trunk(x)
        log_w = torch.log_softmax(self.weight(h), dim=1)
        log_sd = self.log_sd(h).clamp(-4, 2)
        z = (y - self.mean(h)) / log_sd.exp()
        return torch.logsumexp(log_w - 0.5 * z ** 2 - log_sd - 0.5 * math.log(2 * math.pi), dim=1)


def main():
    torch.manual_seed(12)
    x, y = moorings(3000, 0)
    xt, yt = moorings(1500, 1)
    m, s = y.mean(), y.std()
    y, yt = (y - m) / s, (yt - m) / s
    model = MixtureHead()
    opt = torch.optim.Adam(model.parameters(), lr=4e-3, maximize=True)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=40)
    for epoch in range(40):
        seen = 0.0
        for rows in torch.randperm(len(x)).split(75):
            opt.zero_grad()
            ll = model.log_prob(x[rows], y[rows]).mean()
            ll.backward()
            opt.step()
            seen += ll.item() * len(rows)
        sched.step()
        with torch.no_grad():
            held = model.log_prob(xt, yt).mean().item()
        if epoch % 4 == 3:
            print(f"epoch {epoch + 1}: train log-likelihood {seen / len(x):.4f}, held-out {held:.4f}")
    print(f"held-out log-likelihood per mooring: {held:.4f}")


if __name__ == "__main__":
    main()
