"""Predict outlet moisture and energy use of a grain dryer from its settings."""
import argparse

import numpy as np
import torch
from torch import nn


def simulate(n, seed):
    g = np.random.default_rng(seed)
    x = g.normal(size=(n, 8)).astype("float32")
    moist = np.sin(1.5 * x[:, 0]) + 0.6 * x[:, 1] * x[:, 2] - 0.4 * x[:, 3]
    energy = np.abs(x[:, 4]) * 1.2 + 0.7 * x[:, 0] + 0.5 * np.cos(2 * x[:, 5])
    y = np.stack([moist, energy], 1)
    y = (y - y.mean(0)) / y.std(0) + 0.15 * g.normal(size=y.shape)
    return torch.from_numpy(x), torch.tensor(y, dtype=torch.float32)


class DryerNet(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(8, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU()
        )
        self.moisture = nn.Linear(hidden, 1)
        self.energy = nn.Linear(hidden, 1)

    def forward(self, x):
        h = self.trunk(x)
        moisture = self.moisture(h).squeeze(-1)
        energy = self.energy(h)
        return moisture, energy


def r2(pred, target):
    pred = pred.reshape(-1)
    return 1 - ((pred - target) ** 2).sum().item() / ((target - target.mean()) ** 2).sum().item()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=25)
    ap.add_argument("--batch", type=int, default=64)
    ap.add_argument("--hidden", type=int, default=64)
    ap.add_argument("--lr", type=float, default=5e-3)
    args = ap.parse_args()
    torch.manual_seed(3)

    x, y = simulate(3000, 1)
    xv, yv = simulate(1000, 2)
    model = DryerNet(args.hidden)
    opt = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=1e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)
    for epoch in range(args.epochs):
        perm = torch.randperm(len(x))
        running = 0.0
        for i in range(0, len(x), args.batch):
            idx = perm[i:i + args.batch]
            moisture, energy = model(x[idx])
            loss = ((moisture - y[idx, 0]) ** 2).mean() + ((energy - y[idx, 1]) ** 2).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
            running += loss.item() * len(idx)
        sched.step()
        with torch.no_grad():
            pm, pe = model(xv)
        print(f"[{epoch:02d}] loss {running / len(x):.4f} | R2 moisture {r2(pm, yv[:, 0]):.3f} energy {r2(pe, yv[:, 1]):.3f}")
    print("mean validation R2: %.4f" % ((r2(pm, yv[:, 0]) + r2(pe, yv[:, 1])) / 2))


if __name__ == "__main__":
    main()
