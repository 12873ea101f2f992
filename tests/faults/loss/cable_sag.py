"""Physics-informed network for a tensioned ropeway cable on an elastic bed.

    -u'' + k u = q(x)   on (0, 1),   u(0) = u(1) = 0

q is the load of the cabins; the ropeway engineer wants the sag u.  There are no measurements, only the
equation.  A manufactured load gives the exact answer, which is used for the relative error alone.
"""
import argparse
import math

import torch
import torch.nn as nn


class Sag(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        sizes = [1] + [width] * depth
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        h = 2 * x - 1
        for layer in self.layers:
            h = torch.tanh(layer(h))
        return x * (1 - x) * self.out(h)           # the two towers are fixed


class Ropeway:
    stiffness = 10.0

    def exact(self, x):
        return torch.sin(math.pi * x) + 0.4 * torch.sin(3 * math.pi * x)

    def load(self, x):
        s = x[:, 0]
        one = (math.pi ** 2 + self.stiffness) * torch.sin(math.pi * s)
        three = 0.4 * (9 * math.pi ** 2 + self.stiffness) * torch.sin(3 * math.pi * s)
        return one + three

    def residual(self, net, x):
        x = x.requires_grad_(True)
        u = net(x)
        du = torch.autograd.grad(u.sum(), x, create_graph=True)[0]
        d2u = torch.autograd.grad(du.sum(), x, create_graph=True)[0]
        return (-d2u + self.stiffness * u - self.load(x)) / 40.0


def relative_error(net, problem):
    x = torch.linspace(0, 1, 401).unsqueeze(1)
    with torch.no_grad():
        u, ref = net(x), problem.exact(x)
    return (torch.linalg.norm(u - ref) / torch.linalg.norm(ref)).item()


def solve(args):
    torch.manual_seed(args.seed)
    problem, net = Ropeway(), Sag(args.width, args.depth)
    opt = torch.optim.Adam(net.parameters(), lr=args.lr)
    decay = torch.optim.lr_scheduler.ExponentialLR(opt, 0.01 ** (1 / args.iters))
    for i in range(args.iters):
        x = torch.rand(args.points, 1)
        loss = problem.residual(net, x).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        decay.step()
        if i % 100 == 0:
            print(f"iter {i:>5d} | residual {loss.item():.3e} | rel.err {relative_error(net, problem):.4f}")
    return net, problem


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--depth", type=int, default=2)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--iters", type=int, default=900)
    parser.add_argument("--lr", type=float, default=1e-2)
    parser.add_argument("--seed", type=int, default=6)
    net, problem = solve(parser.parse_args())
    print(f"relative L2 error of the sag: {relative_error(net, problem):.5f}")
