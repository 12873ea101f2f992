"""Hourly heat demand of a district from weather and calendar."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class DemandHours(Dataset):
    def __init__(self, n, seed, stats=None):
        rng = np.random.default_rng(seed)
        hour, day = rng.integers(0, 24, n), rng.integers(0, 365, n)
        temp = 9 - 11 * np.cos(2 * np.pi * day / 365) + 4 * rng.standard_normal(n)
        wind = rng.gamma(2.0, 2.0, n)
        weekend = rng.random(n) < 2 / 7
        heating = np.log1p(np.exp(0.5 * (17 - temp))) * 2
        rhythm = np.where(weekend, 1 + 0.2 * np.sin(2 * np.pi * (hour - 4) / 24), 1 + 0.4 * np.sin(2 * np.pi * (hour - 2) / 12))
        mw = heating * rhythm * (1 + 0.03 * wind) + 4 + 0.8 * rng.standard_normal(n)
        angle = 2 * np.pi * hour / 24
        x = np.stack([temp, wind, weekend, np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)], 1)
        self.stats = stats or (x.mean(0), x.std(0), mw.mean(), mw.std())
        self.x = torch.tensor((x - self.stats[0]) / self.stats[1], dtype=torch.float32)
        self.y = torch.tensor((mw - self.stats[2]) / self.stats[3], dtype=torch.float32)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class Trainer:
    def __init__(self, model, train_loader, val_loader, lr=3e-3):
        self.model, self.train_loader, self.val_loader = model, train_loader, val_loader
        self.criterion = nn.MSELoss()
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-3)
        self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(self.optimizer, factor=0.3, patience=2)

    def train_epoch(self):
        self.model.train()
        losses = []
        for x, y in self.train_loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(x).squeeze(-1), y)
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        loader, total = self.val_loader, 0.0
        for x, y in loader:
            total += self.criterion(self.model(x).squeeze(-1), y).item() * x.size(0)
        return total / len(loader)

    def fit(self, epochs):
        for epoch in range(1, epochs + 1):
            train_loss, val_loss = self.train_epoch(), self.validate()
            self.plateau.step(val_loss)
            print(f"Epoch {epoch:2d}: train MSE {train_loss:.4f}, validation MSE {val_loss:.4f}")
        return val_loss


torch.manual_seed(88)
train_ds = DemandHours(5000, seed=0)
val_ds = DemandHours(1280, seed=1, stats=train_ds.stats)
net = nn.Sequential(nn.Linear(7, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))
trainer = Trainer(net, DataLoader(train_ds, batch_size=64, shuffle=True), DataLoader(val_ds, batch_size=64))
print(f"validation MSE at the end {trainer.fit(16):.4f}")
