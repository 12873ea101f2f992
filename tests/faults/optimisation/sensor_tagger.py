import logging

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

logging.basicConfig(level=logging.INFO, format="%(message)s")
log = logging.getLogger("tagger")


class SensorWindows(Dataset):
    """Windows of three sensor channels; tags: spike, drift, oscillation (any number of them at once)."""

    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        x = rng.normal(0, 0.7, (n, 3, 40))
        tags = rng.random((n, 3)) < 0.5
        t = np.linspace(0, 1, 40)
        for i in range(n):
            if tags[i, 0]:
                x[i, 0, rng.integers(2, 38)] += 5.0
            if tags[i, 1]:
                x[i, 1] += 2.5 * (t - 0.5)
            if tags[i, 2]:
                x[i, 2] += 1.2 * np.sin(2 * np.pi * (5 * t + rng.random()))
        self.x = torch.tensor(x, dtype=torch.float32)
        self.tags = torch.tensor(tags, dtype=torch.float32)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, idx):
        return self.x[idx], self.tags[idx]


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(3, 16, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(16, 24, 5, padding=2), nn.ReLU(), nn.AdaptiveMaxPool1d(1),
        )
        self.classifier = nn.Linear(24, 3)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def run_epoch(model, loader, criterion, optimizer=None):
    training = optimizer is not None
    model.train(training)
    total, hits, count = 0.0, 0.0, 0
    with torch.set_grad_enabled(training):
        for x, tags in loader:
            logits = model(x)
            loss = criterion(logits, tags)
            if training:
                optimizer.zero_grad()
                optimizer.step()
            total += loss.item() * len(x)
            hits += ((logits > 0) == (tags > 0.5)).float().mean(1).sum().item()
            count += len(x)
    return total / count, hits / count


torch.manual_seed(21)
train_dl = DataLoader(SensorWindows(1500, 0), batch_size=50, shuffle=True)
val_dl = DataLoader(SensorWindows(500, 1), batch_size=250)
model = Tagger()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=6e-3)
logging.getLogger().handlers[0].setStream(__import__("sys").stdout)
for epoch in range(14):
    tl, ta = run_epoch(model, train_dl, criterion, optimizer)
    vl, va = run_epoch(model, val_dl, criterion)
    log.info("epoch %d train %.4f/%.3f val %.4f/%.3f", epoch, tl, ta, vl, va)
print("val tag accuracy", round(va, 4))
