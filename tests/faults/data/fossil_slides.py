"""Microfossil slides: five genera from 20x20 thumbnails.  The slides are kept in shards, as on the lab's file server,
and the trainer streams them shard by shard."""
import numpy as np
import torch
from torch import nn

GENERA = ("spiral", "ring", "cross", "ladder", "pair")


def thumbnail(kind, rng, s=20):
    yy, xx = np.mgrid[0:s, 0:s].astype(np.float64)
    cx, cy = s / 2 + rng.uniform(-2.5, 2.5, 2)
    dx, dy = xx - cx, yy - cy
    a = rng.uniform(0, np.pi)
    u, v = dx * np.cos(a) + dy * np.sin(a), -dx * np.sin(a) + dy * np.cos(a)
    r, th = np.hypot(u, v), np.arctan2(v, u)
    size = rng.uniform(5, 7)
    if kind == 0:
        img = np.cos(th - 1.1 * r) * (r < size)
    elif kind == 1:
        img = np.exp(-((r - 0.75 * size) ** 2) / 1.2)
    elif kind == 2:
        img = np.exp(-(np.minimum(abs(u), abs(v)) ** 2) / 1.0) * (r < size)
    elif kind == 3:
        img = (0.5 + 0.5 * np.cos(1.6 * u)) * (abs(v) < 3) * (abs(u) < size)
    else:
        img = np.exp(-((u - 3) ** 2 + v**2) / 3) + np.exp(-((u + 3) ** 2 + v**2) / 3)
    return (img * rng.uniform(0.7, 1.2) + rng.normal(0, 0.45, (s, s))).astype(np.float32)


def digitise(n, rng):
    labels = rng.integers(0, len(GENERA), n)
    return np.stack([thumbnail(k, rng) for k in labels])[:, None], labels


def write_shards(images, labels, size=100):
    order = np.argsort(labels, kind="stable")
    return [(images[order[i:i + size]], labels[order[i:i + size]]) for i in range(0, len(order), size)]


class ShardStream:
    def __init__(self, shards, batch, rng):
        self.shards, self.batch, self.rng = shards, batch, rng

    def __iter__(self):
        for k in self.rng.permutation(len(self.shards)):
            images, labels = self.shards[k]
            inside = self.rng.permutation(len(labels))
            for i in range(0, len(inside), self.batch):
                j = inside[i:i + self.batch]
                yield torch.from_numpy(images[j]), torch.from_numpy(labels[j])


class SlideNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(32 * 25, 64), nn.ReLU(), nn.Linear(64, len(GENERA)))

    def forward(self, x):
        return self.body(x)


rng = np.random.default_rng(31)
torch.manual_seed(31)
shards = write_shards(*digitise(3600, rng))
test_x, test_y = (torch.from_numpy(a) for a in digitise(800, rng))
stream = ShardStream(shards, 50, rng)
net, lossf = SlideNet(), nn.CrossEntropyLoss()
opt = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9, weight_decay=1e-4)

for epoch in range(8):
    losses = []
    net.train()
    if epoch == 6:
        for g in opt.param_groups:
            g["lr"] *= 0.1
    for xb, yb in stream:
        opt.zero_grad()
        out = lossf(net(xb), yb)
        out.backward()
        opt.step()
        losses.append(out.item())
    net.eval()
    with torch.no_grad():
        logits = net(test_x)
    print("epoch", epoch, "train", round(float(np.mean(losses)), 4), "test", round(lossf(logits, test_y).item(), 4),
          "acc", round((logits.argmax(1) == test_y).float().mean().item(), 4))

print("test accuracy:", round((logits.argmax(1) == test_y).float().mean().item(), 4))
