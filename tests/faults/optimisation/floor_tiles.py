import argparse

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


def tiles(n, rng):
    """16x16 tiles with a grating: 8 classes = 4 angles x 2 spacings, random phase and contrast."""
    yy, xx = np.mgrid[0:16, 0:16]
    label = rng.integers(0, 8, n)
    angle = (label % 4) * np.pi / 4 + rng.normal(0, 0.12, n)
    freq = np.where(label < 4, 0.75, 1.15)
    phase = rng.uniform(0, 2 * np.pi, n)
    u = np.cos(angle)[:, None, None] * xx + np.sin(angle)[:, None, None] * yy
    img = np.sin(freq[:, None, None] * u + phase[:, None, None]) * rng.uniform(0.5, 1.0, n)[:, None, None]
    img = img + rng.normal(0, 0.7, img.shape)
    return torch.tensor(img / img.std(), dtype=torch.float32)[:, None], torch.tensor(label)


class TileNet(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 5, padding=2, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.fc = nn.Linear(width, 8)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        return self.fc(x.mean(dim=(2, 3)))


def make_optimizer(model, lr, weight_decay):
    matrices = [p for p in model.parameters() if p.ndim == 2]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr)


def test(model, loader):
    model.eval()
    loss, right, n = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss += F.cross_entropy(out, y, reduction="sum").item()
            right += (out.argmax(1) == y).sum().item()
            n += len(y)
    return loss / n, right / n


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--lr", type=float, default=3e-3)
    ap.add_argument("--wd", type=float, default=0.05)
    ap.add_argument("--width", type=int, default=12)
    ap.add_argument("--epochs", type=int, default=8)
    opt = ap.parse_args()
    torch.manual_seed(2)
    rng = np.random.default_rng(2)
    train = DataLoader(TensorDataset(*tiles(3000, rng)), batch_size=64, shuffle=True)
    val = DataLoader(TensorDataset(*tiles(800, rng)), batch_size=200)
    model = TileNet(opt.width)
    optimizer = make_optimizer(model, opt.lr, opt.wd)
    for epoch in range(opt.epochs):
        model.train()
        for x, y in train:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
        val_loss, val_acc = test(model, val)
        print(f"epoch {epoch}: last batch {loss.item():.3f}, val loss {val_loss:.3f}, val acc {val_acc:.3f}")
    print(f"val accuracy = {val_acc:.4f}")
