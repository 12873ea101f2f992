# Reading the hour off photographed station clocks (24x24 pixels, 12 classes).
import math
import numpy as np
import torch
import torch.nn.functional as F

S = 24
rng = np.random.default_rng(23)
torch.manual_seed(23)


def photograph(n):
    hour = rng.integers(0, 12, n)
    minute = rng.integers(0, 60, n)
    tilt = rng.normal(0, 0.04, n)
    yy, xx = np.mgrid[0:S, 0:S] - (S - 1) / 2

    def hand(angle, length, width):
        c, s = np.sin(angle + tilt)[:, None, None], -np.cos(angle + tilt)[:, None, None]
        along, across = xx * c + yy * s, xx * s - yy * c
        return np.exp(-(across / width) ** 2) * (along > -1) * (along < length)

    img = 1.2 * hand(2 * np.pi * (hour + minute / 60) / 12, 6, 1.3) + hand(2 * np.pi * minute / 60, 10, 0.7)
    rim = np.exp(-((np.hypot(xx, yy) - 11) ** 2) / 0.6)
    img = img + rim * rng.uniform(0.4, 0.9, (n, 1, 1)) + rng.normal(0, 0.15, (n, S, S))
    img = (img - 0.2) / 0.4
    return torch.tensor(img.reshape(n, -1), dtype=torch.float32), torch.tensor(hour)


class Dense(torch.nn.Module):
    """Plain affine layer, rows are inputs."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(n_in, n_out))
        self.bias = torch.nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return x @ self.weight + self.bias


class ClockReader(torch.nn.Module):
    def __init__(self, sizes=(S * S, 256, 128, 12)):
        super().__init__()
        self.layers = torch.nn.ModuleList(Dense(a, b) for a, b in zip(sizes[:-1], sizes[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)


def main():
    x, y = photograph(8000)
    xv, yv = photograph(1500)
    net = ClockReader()
    opt = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.02)
    n_epochs, bs = 10, 80
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, 2e-3, epochs=n_epochs, steps_per_epoch=math.ceil(len(x) / bs))
    for ep in range(n_epochs):
        idx = torch.randperm(len(x))
        tot, ok = 0.0, 0
        for chunk in idx.chunk(math.ceil(len(x) / bs)):
            out = net(x[chunk])
            loss = F.cross_entropy(out, y[chunk])
            net.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            tot += float(loss.detach()) * len(chunk)
            ok += int((out.argmax(-1) == y[chunk]).sum())
        with torch.no_grad():
            ov = net(xv)
            lv, av = F.cross_entropy(ov, yv), (ov.argmax(-1) == yv).float().mean()
        print(f"epoch {ep:2d}   loss {tot / len(x):.3f}/{lv:.3f}   hit rate {ok / len(x):.3f}/{av:.3f}")
    off = ((ov.argmax(-1) - yv + 6) % 12 - 6).abs().float().mean()
    print(f"mean error {off:.3f} h; hour read correctly {av:.4f}")


if __name__ == "__main__":
    main()
