# Which animal left the track?  12x12 plaster casts, strongly regularised network.
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)
rng = np.random.default_rng(23)
ANIMALS = ["elk", "roe", "boar", "wolf", "lynx", "hare"]


def casts(n):
    yy, xx = np.mgrid[-1:1:12j, -1:1:12j]
    kind = rng.integers(0, 6, n)
    pads = {0: [(-.3, 0, .18, .5), (.3, 0, .18, .5)],
            1: [(-.2, 0, .13, .35), (.2, 0, .13, .35)],
            2: [(-.25, -.1, .17, .35), (.25, -.1, .17, .35), (-.5, .6, .1, .1), (.5, .6, .1, .1)],
            3: [(0, .35, .3, .22), (-.4, -.1, .13, .2), (.4, -.1, .13, .2), (-.15, -.5, .12, .2), (.15, -.5, .12, .2)],
            4: [(0, .3, .38, .26), (-.45, -.15, .16, .16), (.45, -.15, .16, .16), (-.15, -.45, .16, .16), (.2, -.5, .16, .16)],
            5: [(-.25, .4, .14, .4), (.25, .4, .14, .4), (0, -.5, .1, .25)]}
    x = np.zeros((n, 12, 12))
    for i, k in enumerate(kind):
        dx, dy, s = rng.normal(0, 0.06), rng.normal(0, 0.06), rng.uniform(0.8, 1.2)
        for px, py, rx, ry in pads[k]:
            x[i] = np.maximum(x[i], np.exp(-((xx - dx - s * px) / (s * rx)) ** 2 - ((yy - dy - s * py) / (s * ry)) ** 2))
    x += rng.normal(0, 0.3, x.shape)
    return torch.tensor(x.reshape(n, -1), dtype=torch.float32), torch.tensor(kind)


x, y = casts(3600)
mean, std = x[:2800].mean(), x[:2800].std()
x = (x - mean) / std
train = DataLoader(TensorDataset(x[:2800], y[:2800]), batch_size=64, shuffle=True)
x_test, y_test = x[2800:], y[2800:]

model = nn.Sequential(
    nn.Dropout(0.2),
    nn.Linear(144, 100), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(100, 64), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(64, len(ANIMALS)),
)
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 15)

for epoch in range(15):
    model.train()
    loss_sum, right = 0.0, 0
    for xb, yb in train:
        out = model(xb)
        loss = loss_fn(out, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        loss_sum += loss.item() * len(yb)
        right += (out.argmax(1) == yb).sum().item()
    sched.step()
    model.eval()
    with torch.no_grad():
        out = model(x_test)
        print(f"epoch {epoch + 1:2d} | train {loss_sum / 2800:.3f} {right / 2800:.3f} | "
              f"test {loss_fn(out, y_test).item():.3f} {(out.argmax(1) == y_test).float().mean():.3f}")

print(f"test accuracy {(out.argmax(1) == y_test).float().mean():.4f}")
