"""Land cover from a year of satellite passes (24 dates x 4 bands), one pixel per row."""
import argparse

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

COVERS = ["pasture", "maize", "rapeseed", "spruce", "beech", "water"]


def make_pixels(n, rng):
    t = np.linspace(0, 1, 24)
    peak = np.array([0.45, 0.60, 0.36, 0.50, 0.52, 0.50])
    width = np.array([0.22, 0.12, 0.11, 0.60, 0.20, 0.40])
    height = np.array([0.55, 0.75, 0.70, 0.62, 0.72, 0.05])
    y = rng.integers(0, len(COVERS), n)
    shift = rng.normal(0, 0.035, n)
    scale = rng.normal(1, 0.10, n)
    green = (height[y] * scale)[:, None] * np.exp(-((t - (peak[y] + shift)[:, None]) / width[y][:, None]) ** 2)
    bands = np.stack([green, 0.6 * green ** 2, 0.4 - 0.3 * green, np.gradient(green, axis=1) * 4], axis=2)
    bands += rng.normal(0, 0.13, bands.shape)
    return bands.astype(np.float32), y


class PixelGRU(nn.Module):
    def __init__(self, n_bands=4, hidden=32, n_classes=6):
        super().__init__()
        self.rnn = nn.GRU(n_bands, hidden, batch_first=True, bidirectional=True)
        self.norm = nn.LayerNorm(2 * hidden)
        self.out = nn.Linear(2 * hidden, n_classes)

    def forward(self, x):
        h, _ = self.rnn(x)
        h = self.norm(h.mean(dim=1))
        return torch.softmax(self.out(h), dim=1)


def run(model, loader, criterion, optimizer=None):
    model.train(optimizer is not None)
    loss_sum = hits = count = 0
    with torch.set_grad_enabled(optimizer is not None):
        for xb, yb in loader:
            out = model(xb)
            loss = criterion(out, yb)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * len(yb)
            hits += (out.argmax(1) == yb).sum().item()
            count += len(yb)
    return loss_sum / count, hits / count


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--lr", type=float, default=0.02)
    args = parser.parse_args()
    torch.manual_seed(11)
    rng = np.random.default_rng(11)
    X, y = make_pixels(4000, rng)
    mu, sd = X[:3000].mean((0, 1)), X[:3000].std((0, 1))
    X, y = torch.from_numpy((X - mu) / sd), torch.from_numpy(y)
    train_dl = DataLoader(TensorDataset(X[:3000], y[:3000]), batch_size=64, shuffle=True)
    val_dl = DataLoader(TensorDataset(X[3000:], y[3000:]), batch_size=250)
    model = PixelGRU()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(args.epochs):
        tr = run(model, train_dl, criterion, optimizer)
        va = run(model, val_dl, criterion)
        print(f"epoch {epoch + 1:2d}  train {tr[0]:.4f} / {tr[1]:.3f}   val {va[0]:.4f} / {va[1]:.3f}")
    print(f"final val accuracy {va[1]:.4f}")
