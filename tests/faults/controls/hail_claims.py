"""Size of hail damage claims (log of euros) from the policy and the storm."""
import argparse
import math

import torch
from torch import nn


def claims(n, seed):
    g = torch.Generator().manual_seed(seed)
    roof = torch.randint(4, (n,), generator=g)
    stone = -torch.log(torch.rand(n, generator=g).clamp(min=1e-6))
    age = torch.rand(n, generator=g) * 60
    area = torch.randn(n, generator=g)
    quality = torch.tensor([0.0, 0.25, -0.2, 0.4])[roof]
    mean = 7.0 + quality + 0.35 * torch.sqrt(stone) + 0.15 * torch.tanh(age / 20 - 1) + 0.2 * area * (stone > 1)
    y = mean + 0.8 * torch.randn(n, generator=g)
    x = torch.cat([nn.functional.one_hot(roof, 4).float(), torch.stack([stone, age / 30 - 1, area], 1)], 1)
    return x, y


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=12)
    p.add_argument("--batch", type=int, default=256)
    p.add_argument("--lr", type=float, default=2e-3)
    args = p.parse_args()
    torch.manual_seed(0)
    x, y = claims(24000, 1)
    xv, yv = claims(6000, 2)
    centre = y.mean()
    net = nn.Sequential(nn.Linear(7, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
    opt = torch.optim.AdamW(net.parameters(), lr=args.lr, weight_decay=1e-2)
    per_epoch = math.ceil(len(x) / args.batch)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs * per_epoch)
    for epoch in range(args.epochs):
        order = torch.randperm(len(x))
        total = 0.0
        for idx in order.split(args.batch):
            loss = ((net(x[idx]).squeeze(1) + centre - y[idx]) ** 2).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            total += loss.item()
        with torch.no_grad():
            mse = ((net(xv).squeeze(1) + centre - yv) ** 2).mean()
        r2 = 1 - mse / yv.var()
        print(f"epoch {epoch + 1:2d} train mse {total / per_epoch:.4f} valid mse {mse.item():.4f} valid R2 {r2.item():.4f}")


if __name__ == "__main__":
    main()
