"""Estimate rainfall at a site from six nearby gauges with a small attention layer."""
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F


def rain_field(n, gauges, gen):
    gauge_pos = 2 * torch.rand(n, gauges, 2, generator=gen) - 1
    site = 1.2 * torch.rand(n, 1, 2, generator=gen) - 0.6
    slope = torch.randn(n, 1, 2, generator=gen)
    level = torch.randn(n, 1, generator=gen)
    bump = 2 * torch.rand(n, 1, 2, generator=gen) - 1

    def value(p):
        return level + 1.3 * (slope * p).sum(-1) + 1.5 * torch.exp(-3 * (p - bump).pow(2).sum(-1))

    readings = value(gauge_pos)
    target = value(site).squeeze(1)
    mu, sd = readings.mean(), readings.std()
    return gauge_pos - site, (readings - mu) / sd, (target - mu) / sd


class GaugeAttention(nn.Module):
    def __init__(self, hidden=32, heads=1):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(),
                                   nn.Linear(hidden, heads))
        self.scale = nn.Linear(1, 1)

    def forward(self, offset, reading):
        scores = self.score(offset)
        weights = F.softmax(scores, dim=-1)
        pooled = (weights * reading.unsqueeze(-1)).sum(dim=1)
        return self.scale(pooled).squeeze(-1)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=18)
    p.add_argument("--batch", type=int, default=50)
    p.add_argument("--lr", type=float, default=0.01)
    args = p.parse_args()
    torch.manual_seed(4)
    gen = torch.Generator().manual_seed(4)
    train = rain_field(4000, 6, gen)
    test = rain_field(1000, 6, gen)
    model = GaugeAttention()
    optim = torch.optim.Adam(model.parameters(), lr=args.lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(optim, args.epochs)
    for epoch in range(args.epochs):
        model.train()
        perm, losses = torch.randperm(4000), []
        for i in range(0, 4000, args.batch):
            off, read, target = (t[perm[i:i + args.batch]] for t in train)
            loss = F.mse_loss(model(off, read), target)
            optim.zero_grad()
            loss.backward()
            optim.step()
            losses.append(loss.item())
        sched.step()
        model.eval()
        with torch.no_grad():
            err = (model(test[0], test[1]) - test[2]).pow(2).mean().item()
        print(f"[{epoch + 1}/{args.epochs}] train={sum(losses) / len(losses):.4f} test={err:.4f}")
    r2 = 1 - err / test[2].var().item()
    print(f"test r2 {r2:.4f}")


if __name__ == "__main__":
    main()
