"""Two little networks for a plumber's office: hours of a job, and cost of its parts."""
import argparse
import numpy as np
import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--lr", type=float, default=3e-3)
parser.add_argument("--batch-size", type=int, default=40)
parser.add_argument("--seed", type=int, default=4)
args = parser.parse_args([])

torch.manual_seed(args.seed)
torch.set_num_threads(1)
rng = np.random.default_rng(args.seed)


def past_jobs(n):
    fixtures = rng.integers(1, 7, n)
    floors = rng.integers(1, 5, n)
    age = rng.uniform(0, 80, n)
    pipe = rng.uniform(2, 60, n)
    copper = rng.integers(0, 2, n)
    hours = 1.5 * fixtures + 0.05 * pipe * (1 + age / 60) + 0.4 * floors ** 1.5 + rng.normal(0, 0.4, n)
    parts = 40 * fixtures + (4 + 9 * copper) * pipe + 0.8 * age * (1 - copper) + rng.normal(0, 20, n)
    return np.stack([fixtures, floors, age, pipe, copper], 1), hours, parts


feats, hours, parts = past_jobs(2400)
cut = 2000


def standard(v):
    m, s = v[:cut].mean(0), v[:cut].std(0)
    return torch.tensor((v - m) / s, dtype=torch.float32)


x, h, p = standard(feats), standard(hours)[:, None], standard(parts)[:, None]


def build():
    return nn.Sequential(nn.Linear(5, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 1))


hours_net, parts_net = build(), build()
hours_opt = torch.optim.Adam(hours_net.parameters(), lr=args.lr)
parts_opt = torch.optim.Adam(parts_net.parameters(), lr=args.lr)
mse = nn.MSELoss()

for epoch in range(args.epochs):
    for rows in torch.randperm(cut).split(args.batch_size):
        hours_opt.zero_grad()
        hours_loss = mse(hours_net(x[rows]), h[rows])
        hours_loss.backward()
        hours_opt.step()

        parts_opt.zero_grad()
        parts_loss = mse(parts_net(x[rows]), p[rows])
        parts_loss.backward
        parts_opt.step()
    if (epoch + 1) % 5 == 0:
        with torch.no_grad():
            eh = mse(hours_net(x[cut:]), h[cut:]).item()
            ep = mse(parts_net(x[cut:]), p[cut:]).item()
        print(f"epoch {epoch + 1}: hours {hours_loss.item():.3f} / {eh:.3f}   parts {parts_loss.item():.3f} / {ep:.3f}")

print(f"mean test mse of both nets: {(eh + ep) / 2:.4f}")
