import numpy as np
import torch
from torch import nn

np.random.seed(0)
torch.manual_seed(0)


def spectra(n, centres, width):
    """n noisy spectra with peaks near the given centres."""
    grid = np.linspace(0, 1, 24)
    where = np.random.choice(centres, n)[:, None] + 0.02 * np.random.randn(n, 1)
    return np.exp(-(((grid - where) / width) ** 2)) * 2 + 0.7 * np.random.randn(n, 24) - 0.4


def load(n):
    groups = [spectra(n, [0.2, 0.8], 0.1), spectra(n, [0.5], 0.1), spectra(n, [0.35, 0.65], 0.1)]
    x = np.concatenate(groups).astype(np.float32)
    y = np.repeat(np.arange(3), n)
    return torch.from_numpy(x), torch.from_numpy(y)


x_train, y_train = load(400)
x_test, y_test = load(200)
net = nn.Sequential(nn.Linear(24, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
batch_size = 20
n_batches = len(x_train) // batch_size

for epoch in range(10):
    order = torch.arange(len(x_train))
    total = 0.0
    for b in range(n_batches):
        rows = order[b * batch_size:(b + 1) * batch_size]
        optimizer.zero_grad()
        loss = criterion(net(x_train[rows]), y_train[rows])
        loss.backward()
        optimizer.step()
        total += loss.item()
    with torch.no_grad():
        acc = (net(x_test).argmax(1) == y_test).float().mean().item()
    print("epoch {:2d}: loss {:.4f}, test acc {:.2%}".format(epoch + 1, total / n_batches, acc))
