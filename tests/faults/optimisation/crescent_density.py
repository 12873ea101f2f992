"""Affine coupling flow for a two-moons shaped density."""
import math

import torch
from sklearn.datasets import make_moons
from torch import nn

torch.manual_seed(1)


def sample(n, seed):
    x, _ = make_moons(n, noise=0.08, random_state=seed)
    x = torch.tensor(x, dtype=torch.float32)
    return (x - torch.tensor([0.5, 0.25])) / torch.tensor([0.87, 0.5])


class Coupling(nn.Module):
    def __init__(self, flip, hidden=32):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(1, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2))

    def forward(self, x):
        a, b = x.chunk(2, dim=1)
        if self.flip:
            a, b = b, a
        s, t = self.net(a).chunk(2, dim=1)
        s = 2 * torch.tanh(s)
        b = b * s.exp() + t
        out = torch.cat([b, a], 1) if self.flip else torch.cat([a, b], 1)
        return out, s.squeeze(1)


class Flow(nn.Module):
    def __init__(self, depth=6):
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(2))
        self.shift = nn.Parameter(torch.zeros(2))
        self.couplings = [Coupling(flip=bool(i % 2)) for i in range(depth)]

    def log_prob(self, x):
        logdet = self.log_scale.sum()
        for layer in self.couplings:
            x, ld = layer(x)
            logdet = logdet + ld
        z = x * self.log_scale.exp() + self.shift
        return -0.5 * (z ** 2).sum(1) - math.log(2 * math.pi) + logdet


def main(steps=1800, batch=256):
    train, test = sample(8000, 10), sample(2000, 20)
    flow = Flow()
    opt = torch.optim.Adam(flow.parameters(), lr=4e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, steps)
    for step in range(steps):
        x = train[torch.randint(len(train), (batch,))]
        loss = -flow.log_prob(x).mean()
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        sched.step()
        if step % 180 == 0:
            with torch.no_grad():
                print(f"step {step:4d}  batch nll {loss.item():.3f}  test nll {-flow.log_prob(test).mean().item():.3f}")
    with torch.no_grad():
        print(f"test nll per point: {-flow.log_prob(test).mean().item():.4f}")


main()
