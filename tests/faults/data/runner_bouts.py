import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

RATE = 25            # samples per second
WINDOW = 50          # two seconds
SETTLE = 4           # windows at the start of a recording while the strap settles
GAITS = ["stand", "walk", "jog", "run", "stairs"]


def record(rng, bouts=22):
    """One recording: three accelerometer axes and the gait of every window."""
    signal, gait = [], []
    for _ in range(bouts):
        g = rng.integers(len(GAITS))
        windows = rng.integers(7, 14)
        t = np.arange(windows * WINDOW) / RATE
        freq = [0.2, 1.6, 2.4, 3.0, 1.4][g] * rng.normal(1, 0.05)
        power = [0.05, 0.5, 1.1, 1.8, 0.7][g] * rng.normal(1, 0.12)
        phase = rng.uniform(0, 2 * np.pi, 3)
        tilt = np.array([0.1, 0.2, 0.9]) + (0.35 if g == 4 else 0.0) * np.array([1, 0, -0.5])
        axes = [tilt[k] + power * (0.5 + 0.3 * k) * np.sin(2 * np.pi * freq * t + phase[k]) for k in range(3)]
        signal.append(np.stack(axes, 1) + rng.normal(0, 0.25, (len(t), 3)))
        gait += [g] * windows
    return np.concatenate(signal), np.array(gait)


def features(signal):
    w = signal.reshape(-1, WINDOW, 3)
    spectrum = np.abs(np.fft.rfft(w - w.mean(1, keepdims=True), axis=1))[:, 1:9]
    return np.concatenate([w.mean(1), w.std(1), np.log1p(spectrum).reshape(len(w), -1)], axis=1)


def build(recordings):
    xs, ys = [], []
    for signal, gait in recordings:
        f = features(signal)[SETTLE:]
        xs.append(f)
        ys.append(gait[:len(f)])
    return np.concatenate(xs).astype("float32"), np.concatenate(ys)


def evaluate(model, loader):
    model.eval()
    hits = total = 0
    with torch.no_grad():
        for x, y in loader:
            hits += (model(x).argmax(1) == y).sum().item()
            total += len(y)
    return hits / total


torch.manual_seed(3)
rng = np.random.default_rng(3)
x_train, y_train = build([record(rng) for _ in range(10)])
x_test, y_test = build([record(rng) for _ in range(4)])
mean, std = x_train.mean(0), x_train.std(0)
train = TensorDataset(torch.from_numpy((x_train - mean) / std), torch.from_numpy(y_train))
test = TensorDataset(torch.from_numpy((x_test - mean) / std), torch.from_numpy(y_test))
train_loader = DataLoader(train, batch_size=64, shuffle=True)
test_loader = DataLoader(test, batch_size=256)

model = nn.Sequential(nn.Linear(x_train.shape[1], 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, len(GAITS)))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-4)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(25):
    model.train()
    total = 0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
    print("epoch %2d | loss %.4f | train acc %.4f | test acc %.4f" % (
        epoch + 1, total / len(train), evaluate(model, train_loader), evaluate(model, test_loader)))
