"""Grade ginger roots (export, home market, processing, reject) from a near-infrared spectrum."""
import numpy as np
import torch
from torch import nn

GRADES = ["export", "home", "processing", "reject"]
BANDS = 40
ROOTS = 240
UPDATES = 700


def scan(n, rng):
    wavelength = np.linspace(0, 1, BANDS)
    oil, water, fibre, rot = rng.normal(0, 1, (4, n))
    peaks = [np.exp(-((wavelength - c) / w) ** 2) for c, w in [(0.2, 0.06), (0.45, 0.15), (0.7, 0.08), (0.9, 0.1)]]
    spectra = sum(a[:, None] * p for a, p in zip((oil, water, fibre, rot), peaks))
    spectra += 0.45 * rng.normal(0, 1, (n, BANDS)) + 0.3 * rng.normal(0, 1, (n, 1))
    merit = oil - 0.8 * fibre - 0.7 * rot ** 2 + 0.4 * water * oil + 0.25 * rng.normal(0, 1, n)
    grade = np.digitize(-merit, [-0.6, 0.3, 1.2])
    return torch.tensor(spectra, dtype=torch.float32), torch.tensor(grade)


def standardise(train, test):
    mean, std = train.mean(0), train.std(0)
    return (train - mean) / std, (test - mean) / std


def evaluate(net, x, y):
    net.eval()
    with torch.no_grad():
        out = net(x)
    net.train()
    return nn.functional.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


torch.manual_seed(19)
rng = np.random.default_rng(19)
x_train, y_train = scan(ROOTS, rng)
x_test, y_test = scan(1000, rng)
x_train, x_test = standardise(x_train, x_test)

net = nn.Sequential(nn.Linear(BANDS, 48), nn.ReLU(), nn.Linear(48, 32), nn.ReLU(), nn.Linear(32, len(GRADES)))
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, UPDATES)

running = 0.0
for update in range(1, UPDATES + 1):
    rows = torch.randint(len(x_train), (64,))
    loss = nn.functional.cross_entropy(net(x_train[rows]), y_train[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    running += loss.item()
    if update % 70 == 0:
        test_loss, acc = evaluate(net, x_test, y_test)
        print(f"update {update:4d}  train loss {running / 70:.4f}  test loss {test_loss:.4f}  test accuracy {acc:.4f}")
        running = 0.0
print(f"graded right: {acc:.4f}")
