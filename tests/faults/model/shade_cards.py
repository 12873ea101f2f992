"""White balance for a dental photo app.

A card with six printed patches is held next to the teeth.  From the camera values of the
patches (6 x RGB) we estimate the colour of the lamp and the exposure (r/g, b/g, log level),
from which the app corrects the photo.  The patches saturate and the lamp mixes with daylight.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

N_TRAIN, N_TEST, DEPTH, WIDTH = 4000, 1000, 14, 40


def photos(n, seed):
    g = torch.Generator().manual_seed(seed)
    card = torch.rand(6, 3, generator=torch.Generator().manual_seed(99)) * 0.8 + 0.1
    pose = torch.rand(n, 3, generator=g) * 2 - 1
    lamp = torch.stack([pose[:, 0], torch.zeros(n), pose[:, 1]], 1).mul(1.2).exp()
    level = (2.0 * pose[:, 2]).exp()
    day = torch.rand(n, 6, 1, generator=g) * 0.3
    light = level[:, None, None] * ((1 - day) * lamp[:, None] + day)
    cross = torch.eye(3) + 0.12 * torch.randn(3, 3, generator=torch.Generator().manual_seed(98))
    raw = (card * light) @ cross.abs()
    seen = torch.tanh(1.3 * raw) + 0.01 * torch.randn(n, 6, 3, generator=g)
    return seen.flatten(1), pose


class Gate(nn.Module):
    """gated unit, tanh(.) * sigmoid(.), as in audio models"""

    def __init__(self, width):
        super().__init__()
        self.both = nn.Linear(width, 2 * width)

    def forward(self, h):
        a, b = self.both(h).chunk(2, dim=-1)
        return torch.tanh(a) * torch.sigmoid(b)


class LampNet(nn.Module):
    def __init__(self, depth=DEPTH, width=WIDTH):
        super().__init__()
        self.inp = nn.Linear(18, width)
        self.stack = nn.ModuleList(Gate(width) for _ in range(depth))
        self.out = nn.Linear(width, 3)
        self.plain = nn.Linear(3, 3)       # classic balance from the white patch, refined by the stack

    def forward(self, x):
        h = self.inp(x)
        for gate in self.stack:
            h = gate(h)
        return self.plain(x[:, :3]) + self.out(h)


def batches(x, y, size, gen):
    order = torch.randperm(len(x), generator=gen)
    for k in range(0, len(x) - size + 1, size):
        pick = order[k:k + size]
        yield x[pick], y[pick]


def report(net, x, y):
    net.eval()
    with torch.no_grad():
        pred = net(x)
    net.train()
    return 1 - ((pred - y) ** 2).sum(0) / ((y - y.mean(0)) ** 2).sum(0)


def main():
    torch.manual_seed(8)
    gen = torch.Generator().manual_seed(8)
    x, y = photos(N_TRAIN, 1)
    xt, yt = photos(N_TEST, 2)
    mean, std = x.mean(0), x.std(0)
    x, xt = (x - mean) / std, (xt - mean) / std

    net = LampNet()
    epochs, size, peak = 14, 80, 3e-3
    opt = torch.optim.NAdam(net.parameters(), lr=peak)
    total = epochs * (N_TRAIN // size)
    done = 0
    for epoch in range(epochs):
        err = 0.0
        for bx, by in batches(x, y, size, gen):
            for group in opt.param_groups:
                group["lr"] = peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done / total)))
            loss = F.mse_loss(net(bx), by)
            opt.zero_grad()
            loss.backward()
            opt.step()
            err += loss.item()
            done += 1
        if epoch % 2 == 1:
            r = report(net, xt, yt)
            print("epoch", epoch + 1, "mse", round(err / (N_TRAIN // size), 5),
                  "R2 red/blue/level:", " ".join(f"{v:.3f}" for v in r.tolist()))
    print("mean R2: %.4f" % report(net, xt, yt).mean().item())


main()
