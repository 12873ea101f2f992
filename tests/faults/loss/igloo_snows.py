"""Sort pictures of settled snow by grain type."""
import math

import numpy as np
import torch
import torch.nn as nn

SIZE = 16
NAMES = ["dendrite", "plate", "graupel", "grain", "rime"]


def key(name):
    return name[:2]


INDEX = {key(name): i for i, name in enumerate(NAMES)}


def draw(name, rng):
    yy, xx = np.mgrid[0:SIZE, 0:SIZE] - (SIZE - 1) / 2
    yy, xx = yy - rng.normal(0, 1), xx - rng.normal(0, 1)
    r = np.hypot(xx, yy)
    a = np.arctan2(yy, xx) + rng.uniform(0, 2 * math.pi)
    reach = rng.uniform(4.5, 6.5)
    if name == "dendrite":
        picture = (np.cos(6 * a) > 0.3) * (r < reach)
    elif name == "plate":
        picture = 1.0 * (r < reach * (0.9 + 0.08 * np.cos(6 * a)))
    elif name == "graupel":
        picture = np.exp(-(r / (0.5 * reach)) ** 2)
    elif name == "grain":
        picture = 1.0 * (np.abs(r - 0.6 * reach) < 1.2)
    else:
        picture = 1.0 * (np.abs(r * np.sin(a)) < 1.3) * (r < reach + 1)
    return picture * rng.uniform(0.7, 1.2) + rng.normal(0, 0.45, picture.shape)


def album(count, seed):
    rng = np.random.default_rng(seed)
    names = [NAMES[i] for i in rng.integers(0, len(NAMES), count)]
    pictures = np.stack([draw(name, rng) for name in names]).astype("float32")
    return torch.from_numpy(pictures)[:, None], names


def batches(pictures, names, size, rng):
    order = rng.permutation(len(names))
    for start in range(0, len(order), size):
        rows = order[start:start + size]
        yield pictures[rows], torch.tensor([INDEX[key(names[i])] for i in rows])


def conv(inside, outside):
    return nn.Sequential(nn.Conv2d(inside, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU())


def accuracy(net, pictures, names):
    net.eval()
    with torch.no_grad():
        guess = net(pictures).argmax(1).tolist()
    right = [NAMES[g] == name for g, name in zip(guess, names)]
    return sum(right) / len(right), right


def main():
    torch.manual_seed(6)
    rng = np.random.default_rng(6)
    pictures, names = album(1200, seed=61)
    test_pictures, test_names = album(700, seed=62)
    mean, std = pictures.mean(), pictures.std()
    pictures, test_pictures = (pictures - mean) / std, (test_pictures - mean) / std

    net = nn.Sequential(conv(1, 8), conv(8, 8), nn.MaxPool2d(2), conv(8, 16), nn.AdaptiveAvgPool2d(2),
                        nn.Flatten(), nn.Dropout(0.1), nn.Linear(64, len(NAMES)))
    epochs = 10
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=epochs - 1)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        net.train()
        losses = []
        for x, y in batches(pictures, names, 40, rng):
            optimizer.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        print(f"epoch {epoch + 1:2d} loss {np.mean(losses):.4f} test acc {accuracy(net, test_pictures, test_names)[0]:.3f}")

    final, right = accuracy(net, test_pictures, test_names)
    for name in NAMES:
        mine = [r for r, n in zip(right, test_names) if n == name]
        print(f"   {name:9s} {sum(mine)}/{len(mine)}")
    print(f"grain type accuracy: {final:.4f}")


main()
