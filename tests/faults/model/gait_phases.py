import math
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

PHASES = ["stance", "push", "swing", "strike", "stand"]


class GaitWindows(Dataset):
    """Windows cut from recordings, one recording per phase after another, as the logger wrote them."""

    def __init__(self, per_phase, seed):
        rng = np.random.default_rng(seed)
        t = np.arange(32) / 32
        xs, ys = [], []
        for label in range(len(PHASES)):
            for _ in range(per_phase):
                ph = rng.uniform(0, 0.6)
                amp = 0.6 + 0.35 * label + 0.12 * rng.standard_normal()
                w = np.stack([amp * np.sin(2 * math.pi * (2 * t + ph)),
                              amp * np.cos(2 * math.pi * (2 * t + ph)),
                              np.full(32, 0.25 * (label % 3))])
                xs.append(w + 0.45 * rng.standard_normal(w.shape))
                ys.append(label)
        self.x = torch.tensor(np.array(xs), dtype=torch.float32)
        self.y = torch.tensor(ys)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i] / 0.9, self.y[i]


class GaitCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(3, 16, 5, padding=2), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(16, 24, 3, padding=1), nn.BatchNorm1d(24), nn.ReLU(), nn.AdaptiveMaxPool1d(2))
        self.fc = nn.Linear(48, len(PHASES))

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    loss_sum = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        loss_sum += loss.item()
    return loss_sum / len(loader)


def test(model, loader, criterion):
    loss_sum, right = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss_sum += criterion(out, y).item() * len(y)
            right += (out.argmax(1) == y).sum().item()
    n = len(loader.dataset)
    return loss_sum / n, right / n


torch.manual_seed(31)
train_loader = DataLoader(GaitWindows(300, seed=1), batch_size=50, shuffle=True)
test_loader = DataLoader(GaitWindows(80, seed=2), batch_size=50)
model = GaitCNN()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.82)
for epoch in range(13):
    tr = train_one_epoch(model, train_loader, criterion, optimizer)
    scheduler.step()
    te, acc = test(model, test_loader, criterion)
    print(f"epoch {epoch + 1}: train loss {tr:.4f}, test loss {te:.4f}, test acc {acc:.4f}")
