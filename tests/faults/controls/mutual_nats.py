"""Mutual information between two instruments' readings, by the Donsker-Varadhan bound."""
import math

import torch
import torch.nn as nn

DIM, RHO = 4, 0.6
TRUE_MI = -0.5 * DIM * math.log(1 - RHO ** 2)


def readings(n, generator):
    a = torch.randn(n, DIM, generator=generator)
    b = RHO * a + math.sqrt(1 - RHO ** 2) * torch.randn(n, DIM, generator=generator)
    return a, b


class Statistic(nn.Module):
    def __init__(self, dim, width=64):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2 * dim, width), nn.ReLU(),
                                    nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, a, b):
        return self.layers(torch.cat([a, b], dim=1)).squeeze(1)


def bound(net, a, b):
    joint = net(a, b).mean()
    apart = net(a, b[torch.randperm(len(b))])
    return joint - (torch.logsumexp(apart, dim=0) - math.log(len(b)))


def main():
    torch.manual_seed(27)
    g = torch.Generator().manual_seed(27)
    net = Statistic(DIM)
    opt = torch.optim.Adam(net.parameters(), lr=2e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 1500)
    a_val, b_val = readings(10000, g)
    for it in range(1, 1501):
        net.train()
        loss = -bound(net, *readings(256, g))
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        if it % 150 == 0:
            net.eval()
            with torch.no_grad():
                val = bound(net, a_val, b_val).item()
            print(f"iteration {it:5d}  loss {loss.item():.4f}  bound on fresh readings {val:.4f}  (true {TRUE_MI:.4f})")
    print(f"estimate {val:.4f} nats")


if __name__ == "__main__":
    main()
