"""Walkers tagged photos of summit stones (lichen cover type) through a phone app."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(44)
torch.set_num_threads(1)
rng = np.random.default_rng(44)

COVERS = ["bare", "crustose", "foliose", "fruticose", "moss", "snow"]
TAG_SLIP = 0.55


def colour_histograms(n):
    cover = rng.integers(0, len(COVERS), n)
    base = np.random.default_rng(4).normal(0, 1, (len(COVERS), 16))
    light = rng.normal(0, 0.5, (n, 1))
    hist = base[cover] + light * np.linspace(-1, 1, 16) + 0.55 * rng.standard_normal((n, 16))
    return hist.astype(np.float32), cover


def walkers_tags(cover):
    tags = cover.copy()
    hurried = rng.random(len(cover)) < TAG_SLIP
    tags[hurried] = rng.integers(0, len(COVERS), hurried.sum())
    return tags


hist, cover = colour_histograms(3600)
tags = walkers_tags(cover)
x = torch.from_numpy(hist)
y = torch.from_numpy(tags)
train = DataLoader(TensorDataset(x[:2800], y[:2800]), batch_size=100, shuffle=True)
held_x, held_y = x[2800:], y[2800:]

net = nn.Sequential(nn.Linear(16, 24), nn.ReLU(), nn.Dropout(0.1), nn.Linear(24, len(COVERS)))
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.05)
ce = nn.CrossEntropyLoss()

for epoch in range(20):
    net.train()
    tot = 0.0
    for xb, yb in train:
        opt.zero_grad()
        loss = ce(net(xb), yb)
        loss.backward()
        opt.step()
        tot += loss.item()
    net.eval()
    with torch.no_grad():
        z = net(held_x)
        print(
            f"epoch {epoch:2d}",
            f"train loss {tot / len(train):.3f}",
            f"held-out loss {ce(z, held_y).item():.3f}",
            f"held-out acc {(z.argmax(1) == held_y).float().mean().item():.3f}",
        )
