import numpy as np
import torch
from torch import nn

"""
Reflectance spectra of ochre pigments from cave walls, 48 bands.
Eight quarries; each has its own absorption bands. Deep MLP.
"""

SEED = 77
rng = np.random.RandomState(SEED)
torch.manual_seed(SEED)

bands = np.linspace(0, 1, 48)
n_quarries = 8
centres = rng.uniform(0.1, 0.9, (n_quarries, 3))
depths = rng.uniform(0.3, 1.0, (n_quarries, 3))


def spectrum(q):
    s = 0.3 * rng.randn() + 0.4 * rng.randn() * bands
    for c, d in zip(centres[q], depths[q]):
        s = s - d * rng.uniform(0.7, 1.3) * np.exp(-((bands - c - 0.02 * rng.randn()) / 0.05) ** 2)
    return s + 0.26 * rng.randn(len(bands))


def collect(n):
    y = rng.randint(0, n_quarries, n)
    return np.stack([spectrum(q) for q in y]).astype(np.float32), y


def make_net(widths, n_out, act):
    layers = []
    for a, b in zip(widths[:-1], widths[1:]):
        layers += [nn.Linear(a, b), act()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], n_out))


def batches(x, y, size):
    order = torch.randperm(len(x))
    for i in range(0, len(x), size):
        yield x[order[i:i + size]], y[order[i:i + size]]


x, y = collect(5600)
mean, std = x[:5000].mean(0), x[:5000].std(0)
x = torch.tensor((x - mean) / std)
y = torch.tensor(y)
x_train, y_train, x_test, y_test = x[:5000], y[:5000], x[5000:], y[5000:]

net = make_net([48, 64, 64, 64, 64], n_quarries, nn.Sigmoid)
opt = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9, weight_decay=4e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 9)
ce = nn.CrossEntropyLoss()

for epoch in range(9):
    net.train()
    tot = 0.0
    for xb, yb in batches(x_train, y_train, 32):
        opt.zero_grad()
        loss = ce(net(xb), yb)
        loss.backward()
        opt.step()
        tot += loss.item() * len(xb)
    sched.step()
    net.eval()
    with torch.no_grad():
        out = net(x_test)
    print("epoch %2d  train loss %.4f  test loss %.4f  test acc %.4f" % (
        epoch + 1, tot / len(x_train), ce(out, y_test).item(), (out.argmax(1) == y_test).float().mean().item()))

with torch.no_grad():
    print("test accuracy: %.4f" % (net(x_test).argmax(1) == y_test).float().mean().item())
