import argparse
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

SHAPES = ["sine", "square", "saw", "triangle", "chirp_up", "chirp_down", "pulse", "burst", "beat"]


def make_signal(kind, fast, length, rng):
    t = np.linspace(0, 1, length)
    f, p = rng.uniform(6, 9) if fast else rng.uniform(3, 5), rng.uniform(0, 1)
    phase = f * t + p
    if kind == "chirp_up":
        phase = f * t * (0.5 + t) + p
    elif kind == "chirp_down":
        phase = f * t * (2.0 - t) + p
    frac = phase % 1.0
    if kind == "square":
        s = np.sign(frac - 0.5)
    elif kind == "saw":
        s = 2 * frac - 1
    elif kind == "pulse":
        s = (frac < 0.2).astype(float) - 0.2
    elif kind == "burst":
        s = np.sin(2 * np.pi * 2 * phase) * np.exp(-0.5 * ((t - rng.uniform(0.3, 0.7)) / 0.12) ** 2)
    elif kind == "beat":
        s = np.sin(2 * np.pi * 2 * phase) * np.sin(np.pi * f * t)
    elif kind == "triangle":
        s = 4 * np.abs(frac - 0.5) - 1
    else:
        s = np.sin(2 * np.pi * phase)
    return s / s.std() + rng.normal(0, 0.25, length)


class EchoNet(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 16, 7, padding=3)
        self.bn1 = nn.BatchNorm1d(16)
        self.conv2 = nn.Conv1d(16, 32, 5, padding=2)
        self.bn2 = nn.BatchNorm1d(32)
        self.fc1 = nn.Linear(32 * 6, 64)
        self.fc2 = nn.Linear(64, n_classes)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.bn1(self.conv1(x))), 4)
        x = F.max_pool1d(F.relu(self.bn2(self.conv2(x))), 4)
        x = F.relu(self.fc1(x.flatten(1)))
        return F.softmax(self.fc2(x), dim=1)


def run_epoch(model, loader, criterion, optimizer=None):
    model.train(optimizer is not None)
    total, hits, n = 0.0, 0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for xb, yb in loader:
            out = model(xb)
            loss = criterion(out, yb)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * len(yb)
            hits += (out.argmax(1) == yb).sum().item()
            n += len(yb)
    return total / n, hits / n


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=12)
    ap.add_argument("--lr", type=float, default=0.02)
    args = ap.parse_args()
    torch.manual_seed(5)
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2 * len(SHAPES), 5000)
    X = np.stack([make_signal(SHAPES[k // 2], k % 2, 96, rng) for k in y])[:, None]
    X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
    train_dl = DataLoader(TensorDataset(X[:4000], y[:4000]), batch_size=64, shuffle=True)
    test_dl = DataLoader(TensorDataset(X[4000:], y[4000:]), batch_size=250)
    net = EchoNet(2 * len(SHAPES))
    criterion = nn.CrossEntropyLoss()
    opt = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=0.9)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)
    for epoch in range(args.epochs):
        tr = run_epoch(net, train_dl, criterion, opt)
        te = run_epoch(net, test_dl, criterion)
        sched.step()
        print(f"epoch {epoch + 1:2d}  train {tr[0]:.4f} / {tr[1]:.3f}  test {te[0]:.4f} / {te[1]:.3f}")
    print(f"final test accuracy {te[1]:.4f}")
