"""Power at the oar (W) from boat sensors: a 14 block residual net without normalisation.

Each block starts as the identity (its last layer is zero), and so does the output layer.
"""
import argparse
import torch
import torch.nn as nn


class Block(nn.Module):
    def __init__(self, d, inner):
        super().__init__()
        self.up = nn.Linear(d, inner)
        self.down = nn.Linear(inner, d)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)

    def forward(self, x):
        return x + self.down(torch.relu(self.up(x)))


class OarNet(nn.Module):
    def __init__(self, n_in, d, depth):
        super().__init__()
        self.stem = nn.Linear(n_in, d)
        self.blocks = nn.Sequential(*[Block(d, 2 * d) for _ in range(depth)])
        self.read = nn.Linear(d, 1)
        nn.init.constant_(self.read.weight, 0.0)
        nn.init.constant_(self.read.bias, 0.0)

    def forward(self, x):
        return self.read(self.blocks(self.stem(x)))


def strokes(n):
    x = torch.randn(n, 8)
    rate, angle, slip, wind, heel, flow, load, beat = x.T
    watts = rate * torch.cos(angle) + 0.8 * torch.relu(load - slip) + 0.5 * flow * torch.sigmoid(3 * wind) \
        - 0.3 * heel ** 2 + 0.3 * torch.sin(2 * beat)
    return x, watts.unsqueeze(1) + 0.15 * torch.randn(n, 1)


def main(a):
    torch.manual_seed(a.seed)
    x, y = strokes(6000)
    y = (y - y[:5000].mean()) / y[:5000].std()
    net = OarNet(8, a.width, a.depth)
    opt = torch.optim.Adam(net.parameters(), lr=a.lr)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, a.lr, total_steps=a.steps, pct_start=0.2)
    log = []
    for step in range(a.steps):
        pick = torch.randint(0, 5000, (128,))
        loss = (net(x[pick]) - y[pick]).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        log.append(loss.item())
        if (step + 1) % 100 == 0:
            with torch.no_grad():
                r2 = 1 - (net(x[5000:]) - y[5000:]).pow(2).mean() / y[5000:].var()
            print(f"{step + 1}\tmse={sum(log[-100:]) / 100:.4f}\tr2={r2:.4f}")
    print(f"unseen strokes r2={r2:.4f}")


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--depth", type=int, default=14)
    p.add_argument("--width", type=int, default=32)
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--steps", type=int, default=700)
    p.add_argument("--seed", type=int, default=6)
    main(p.parse_args())
