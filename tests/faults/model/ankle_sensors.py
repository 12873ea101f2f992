# Which exercise is the patient doing? Two-axis ankle accelerometer, 96 samples per window.
import math
import random
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader


@dataclass
class Config:
    seed: int = 11
    train_windows: int = 240
    val_windows: int = 1500
    epochs: int = 70
    batch_size: int = 24
    lr: float = 1e-3
    jitter: bool = False


def record(rng, kind):
    t = np.arange(96) / 96
    start = rng.uniform(0, 1)
    a = rng.normal(1.0, 0.2)
    freq = [4, 4, 5, 5, 6][kind]
    bump = [0.0, 0.8, 0.0, 0.8, 0.4][kind]
    x = a * np.sin(2 * math.pi * (freq * t + start)) + bump * np.sin(4 * math.pi * (freq * t + start))
    y = a * np.cos(2 * math.pi * (freq * t + start) + 0.5 * kind)
    return np.stack([x, y]) + rng.normal(0, 1.1, (2, 96))


class Windows(Dataset):
    def __init__(self, n, seed, jitter=False):
        rng = np.random.default_rng(seed)
        self.kinds = rng.integers(0, 5, n)
        self.x = torch.tensor(np.stack([record(rng, k) for k in self.kinds]), dtype=torch.float32)
        self.y = torch.tensor(self.kinds)
        self.jitter = jitter

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        x = self.x[i]
        if self.jitter:
            x = torch.roll(x, random.randrange(96), dims=1)
            x = x * random.uniform(0.8, 1.2) + 0.9 * torch.randn_like(x)
        return x, self.y[i]


class GaitNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(2, 32, 9, stride=2, padding=4), nn.ReLU(),
            nn.Conv1d(32, 64, 9, stride=2, padding=4), nn.ReLU(),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(64 * 24, 64), nn.ReLU(), nn.Linear(64, 5))

    def forward(self, x):
        return self.head(self.features(x))


def run_epoch(model, loader, loss_fn, optimizer=None):
    model.train(optimizer is not None)
    losses, hits, seen = 0.0, 0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for x, y in loader:
            out = model(x)
            loss = loss_fn(out, y)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            losses += loss.item() * len(y)
            hits += (out.argmax(1) == y).sum().item()
            seen += len(y)
    return losses / seen, hits / seen


cfg = Config()
torch.manual_seed(cfg.seed)
random.seed(cfg.seed)
torch.set_num_threads(1)
train_loader = DataLoader(Windows(cfg.train_windows, 1, cfg.jitter), cfg.batch_size, shuffle=True)
val_loader = DataLoader(Windows(cfg.val_windows, 2), 500)
model = GaitNet()
opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs, eta_min=3e-4)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(cfg.epochs):
    tl, ta = run_epoch(model, train_loader, loss_fn, opt)
    sched.step()
    if epoch % 5 == 4:
        vl, va = run_epoch(model, val_loader, loss_fn)
        print(f"epoch {epoch + 1:02d} train {tl:.3f}/{ta:.3f} val {vl:.3f}/{va:.3f}")
print(f"val accuracy: {run_epoch(model, val_loader, loss_fn)[1]:.4f}")
