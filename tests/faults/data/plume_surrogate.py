"""Surrogate for a smoke-plume code: ground concentration at a school from stack and weather numbers.

The full code is slow, the surrogate answers at once; training cases are drawn from the code as needed.
"""
import argparse

import numpy as np
import torch
from torch import nn


class PlumeSampler:
    """Gaussian plume with buoyant rise and an inversion lid; inputs uniform in [-1, 1]."""

    NAMES = ("rate", "wind", "direction", "height", "temperature", "stability", "lid", "distance")

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def draw(self, n):
        u = self.rng.uniform(-1, 1, size=(n, len(self.NAMES)))
        rate, wind, direction, height, temp, stab, lid, dist = u.T
        speed = 4 + 2.5 * wind
        x = 1.5 + 0.8 * dist
        rise = 0.5 * (1.2 + temp) / speed ** 0.5
        h = 0.6 + 0.25 * height + rise
        sy = (0.35 + 0.12 * stab) * x
        sz = (0.30 + 0.14 * stab) * x
        off = np.sin(0.45 * direction) * x
        top = 1.6 + 0.4 * lid
        vertical = np.exp(-0.5 * (h / sz) ** 2) + np.exp(-0.5 * ((2 * top - h) / sz) ** 2)
        conc = (1.5 + rate) / (speed * sy * sz) * np.exp(-0.5 * (off / sy) ** 2) * vertical
        y = (np.log(conc + 1e-3) + 2.3) / 1.3
        return torch.tensor(u, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


class Surrogate(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.first = nn.Linear(inputs, width)
        self.mid = nn.Linear(width, width)
        self.last = nn.Linear(width, 1)
        self.act = nn.SiLU()

    def forward(self, x):
        h = self.act(self.first(x))
        h = h + self.act(self.mid(h))
        return self.last(h)[:, 0]


def r_squared(net, x, y):
    with torch.no_grad():
        resid = net(x) - y
    return 1 - (resid.var() + resid.mean() ** 2).item() / y.var().item()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--rounds", type=int, default=750)
    ap.add_argument("--draws", type=int, default=2, help="batches drawn from the code each round")
    ap.add_argument("--cases", type=int, default=32, help="cases in one batch")
    ap.add_argument("--width", type=int, default=96)
    ap.add_argument("--lr", type=float, default=3e-3)
    ap.add_argument("--seed", type=int, default=1234)
    args = ap.parse_args()

    torch.manual_seed(args.seed)
    x_check, y_check = PlumeSampler(seed=777).draw(3000)
    net = Surrogate(len(PlumeSampler.NAMES), args.width)
    optimizer = torch.optim.Adam(net.parameters(), lr=args.lr)
    total = args.rounds * args.draws
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: max(0.02, 1 - s / total))

    for round_ in range(args.rounds):
        code = PlumeSampler(args.seed)
        mean_loss = 0.0
        for _ in range(args.draws):
            x, y = code.draw(args.cases)
            loss = (net(x) - y).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            mean_loss += loss.item() / args.draws
        if round_ % 75 == 74:
            print(f"round {round_ + 1:4d}   loss {mean_loss:.5f}   check R2 {r_squared(net, x_check, y_check):.4f}")

    print(f"surrogate R2 {r_squared(net, x_check, y_check):.4f} on {len(y_check)} fresh cases")


if __name__ == "__main__":
    main()
