"""Reef depth under a survey boat from a handful of echo readings.

The same echo pattern can come from the reef top or from the sand beside it, so the answer
has two (sometimes three) humps: a mixture density network for the chart office.
"""
import argparse
import math

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

ap = argparse.ArgumentParser()
ap.add_argument("--pings", type=int, default=180)
ap.add_argument("--steps", type=int, default=1400)
ap.add_argument("--batch", type=int, default=90)
ap.add_argument("--width", type=int, default=96)
ap.add_argument("--humps", type=int, default=3)
ap.add_argument("--lr", type=float, default=3e-3)
ap.add_argument("--seed", type=int, default=11)
opt = ap.parse_args()

torch.manual_seed(opt.seed)
rng = np.random.default_rng(opt.seed)


def soundings(n):
    """Eight standardised echo features and a depth in units of ten metres."""
    e = rng.normal(size=(n, 8))
    crest = 1.2 * np.sin(1.3 * e[:, 0]) + 0.5 * e[:, 1]
    sand = crest + 1.8 + 0.5 * np.tanh(e[:, 2])
    p_sand = 1 / (1 + np.exp(-1.2 * e[:, 3]))
    on_sand = rng.uniform(size=n) < p_sand
    spread = np.where(on_sand, 0.15, 0.3)
    depth = np.where(on_sand, sand, crest) + spread * rng.normal(size=n)
    return torch.tensor(e, dtype=torch.float32), torch.tensor(depth, dtype=torch.float32)


class DepthMixture(nn.Module):
    def __init__(self, n_in, width, humps):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(n_in, width), nn.SiLU(),
            nn.Linear(width, width), nn.SiLU(),
        )
        self.weight = nn.Linear(width, humps)
        self.centre = nn.Linear(width, humps)
        self.spread = nn.Linear(width, humps)
        with torch.no_grad():
            self.centre.bias.copy_(torch.linspace(-1.0, 2.5, humps))

    def forward(self, e):
        h = self.trunk(e)
        return self.weight(h), self.centre(h), F.softplus(self.spread(h)) + 0.1


def mixture_nll(parts, depth):
    logits, mu, sd = parts
    z = (depth.unsqueeze(1) - mu) / sd
    logp = -0.5 * z ** 2 - sd.log() - 0.5 * math.log(2 * math.pi)
    return -torch.logsumexp(F.log_softmax(logits, 1) + logp, dim=1).mean()


E_fit, d_fit = soundings(opt.pings)
E_val, d_val = soundings(3000)

net = DepthMixture(8, opt.width, opt.humps)
adam = torch.optim.Adam(net.parameters(), lr=opt.lr)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(adam, opt.steps, eta_min=1e-5)

print(f"{len(E_fit)} pings to fit, {len(E_val)} to check")
recent = []
for step in range(1, opt.steps + 1):
    pick = torch.randint(0, len(E_fit), (opt.batch,))
    loss = mixture_nll(net(E_fit[pick]), d_fit[pick])
    adam.zero_grad()
    loss.backward()
    adam.step()
    sched.step()
    recent.append(loss.item())
    if step % 200 == 0:
        net.eval()
        with torch.no_grad():
            check = mixture_nll(net(E_val), d_val).item()
        net.train()
        print(f"[{step:5d}] fit nll {np.mean(recent):+.3f}   check nll {check:+.3f}")
        recent.clear()

net.eval()
with torch.no_grad():
    final = mixture_nll(net(E_val), d_val).item()
print(f"final check nll {final:.4f}")
