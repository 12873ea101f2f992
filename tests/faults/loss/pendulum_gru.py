"""Estimate the damping of a pendulum from its swing."""
import argparse
import math
import torch
from torch import nn


def simulate(n, steps, gen):
    gamma = torch.rand(n, 1, generator=gen) * 0.8 + 0.1
    omega = 2 * math.pi * (0.6 + 0.6 * torch.rand(n, 1, generator=gen))
    phi = 2 * math.pi * torch.rand(n, 1, generator=gen)
    t = torch.linspace(0, 5, steps).unsqueeze(0)
    swing = torch.exp(-gamma * t) * torch.cos(omega * t + phi) + 0.03 * torch.randn(n, steps, generator=gen)
    return swing.unsqueeze(-1) / 0.35, (gamma - 0.5) / 0.23


class DampingGRU(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.rnn = nn.GRU(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.head(out.mean(dim=1)).squeeze()


def huber(pred, target, delta=1.0):
    err = (pred - target).abs()
    return torch.where(err < delta, 0.5 * err ** 2, delta * (err - 0.5 * delta)).mean()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--hidden", type=int, default=24)
    ap.add_argument("--epochs", type=int, default=12)
    ap.add_argument("--lr", type=float, default=2e-2)
    opt = ap.parse_args()
    gen = torch.Generator().manual_seed(2)
    torch.manual_seed(2)
    x, y = simulate(1200, 40, gen)
    x_val, y_val = simulate(400, 40, gen)
    net = DampingGRU(opt.hidden)
    adam = torch.optim.Adam(net.parameters(), lr=opt.lr)
    lr_schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, opt.epochs)
    for ep in range(opt.epochs):
        net.train()
        tot = 0.0
        batches = torch.randperm(len(x)).split(50)
        for b in batches:
            loss = huber(net(x[b]), y[b])
            adam.zero_grad()
            loss.backward()
            adam.step()
            tot += loss.item()
        lr_schedule.step()
        net.eval()
        with torch.no_grad():
            mae = (net(x_val) - y_val.flatten()).abs().mean().item()
        print(f"ep {ep:02d} train {tot / len(batches):.4f}  val MAE {mae:.4f}")


main()
