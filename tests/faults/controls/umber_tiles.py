"""Five glaze patterns on roof tiles, labelled by two tired inspectors (about one tile in five gets a random label)."""
import math
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader


def render(kind, rng):
    y, x = np.mgrid[0:12, 0:12] / 12.0
    f = rng.uniform(1.5, 2.5)
    p = rng.uniform(0, 2 * math.pi)
    if kind == 0:
        im = np.sin(2 * math.pi * f * x + p)
    elif kind == 1:
        im = np.sin(2 * math.pi * f * y + p)
    elif kind == 2:
        im = np.sin(2 * math.pi * f * (x + y) / 1.4 + p)
    elif kind == 3:
        im = np.sin(2 * math.pi * f * x + p) * np.sin(2 * math.pi * f * y + p)
    else:
        r = np.hypot(x - rng.uniform(0.3, 0.7), y - rng.uniform(0.3, 0.7))
        im = np.sin(2 * math.pi * 1.4 * f * r + p)
    return im + rng.normal(0, 0.5, im.shape)


class Tiles(Dataset):
    def __init__(self, n, seed, jitter):
        rng = np.random.default_rng(seed)
        kinds = rng.integers(0, 5, n)
        self.x = torch.tensor(np.stack([render(k, rng) for k in kinds]), dtype=torch.float32)[:, None]
        said = np.where(rng.random(n) < 0.2, rng.integers(0, 5, n), kinds)
        self.y = torch.tensor(said)
        self.jitter = jitter

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        x = self.x[i]
        if self.jitter:
            if torch.rand(()) < 0.5:
                x = x.flip(1, 2)
            x = x.roll((int(torch.randint(0, 12, ())), int(torch.randint(0, 12, ()))), (1, 2))
        return x, self.y[i]


def conv(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU())


def main():
    torch.manual_seed(3)
    train = DataLoader(Tiles(5000, 1, True), batch_size=64, shuffle=True, drop_last=True)
    test = DataLoader(Tiles(1500, 2, False), batch_size=500)
    w = 12
    net = nn.Sequential(conv(1, w), nn.MaxPool2d(2), conv(w, 2 * w), conv(2 * w, 2 * w), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2 * w, 5))
    epochs, peak = 7, 0.08
    opt = torch.optim.SGD(net.parameters(), lr=peak, momentum=0.9, nesterov=True, weight_decay=5e-4)
    total = epochs * len(train)
    sched = torch.optim.lr_scheduler.LambdaLR(
        opt, lambda s: min((s + 1) / 40, 0.5 * (1 + math.cos(math.pi * s / total))))
    crit = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        net.train()
        run = 0.0
        for x, y in train:
            opt.zero_grad()
            loss = crit(net(x), y)
            loss.backward()
            opt.step()
            sched.step()
            run += loss.item()
        net.eval()
        hit = tot = vl = 0
        with torch.no_grad():
            for x, y in test:
                out = net(x)
                vl += crit(out, y).item() * len(y)
                hit += (out.argmax(1) == y).sum().item()
                tot += len(y)
        print(f"epoch {epoch + 1:2d}  lr {sched.get_last_lr()[0]:.4f}  train {run / len(train):.3f}  val {vl / tot:.3f}  val acc {hit / tot:.4f}")
    print(f"agreement with the inspectors: {hit / tot:.4f} (they agree with each other on about 84%)")


if __name__ == "__main__":
    main()
