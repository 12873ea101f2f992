from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


@dataclass
class Config:
    window: int = 24
    hidden: int = 24
    epochs: int = 10
    batch_size: int = 48
    lr: float = 3e-3
    seed: int = 11


cfg = Config()
torch.manual_seed(cfg.seed)
rng = np.random.default_rng(cfg.seed)


def simulate(n=4000):
    rain = rng.gamma(0.4, 2.0, n) * (rng.random(n) < 0.35)
    soil, level = 0.0, np.zeros(n)
    for t in range(1, n):
        soil = 0.9 * soil + rain[t - 1]
        level[t] = 0.8 * level[t - 1] + 0.05 * soil ** 1.4 + 0.05 * rng.standard_normal()
    return rain, level


class RiverWindows(Dataset):
    """Past rain -> log river level of the next day."""

    def __init__(self, rain, target, start, stop, window):
        self.rain, self.target, self.window = rain, target, window
        self.days = range(start + window, stop)

    def __len__(self):
        return len(self.days)

    def __getitem__(self, i):
        t = self.days[i]
        return self.rain[t - self.window:t].unsqueeze(0), self.target[t]


class TCN(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(1, hidden, 3, padding=2, dilation=2), nn.ReLU(),
            nn.Conv1d(hidden, hidden, 3, padding=4, dilation=4), nn.ReLU(),
        )
        self.head = nn.Linear(hidden * cfg.window, 1)

    def forward(self, x):
        return self.head(self.net(x).flatten(1))


def log_cosh(prediction, target):
    return torch.log(torch.cosh(prediction - target)).mean()


rain, level = simulate()
split = 3200
rain, level = np.log1p(rain), np.log1p(np.maximum(level, 0))
rain = torch.tensor((rain - rain[:split].mean()) / rain[:split].std(), dtype=torch.float32)
level = torch.tensor((level - level[:split].mean()) / level[:split].std(), dtype=torch.float32)
train_loader = DataLoader(RiverWindows(rain, level, 0, split, cfg.window), cfg.batch_size, shuffle=True)
test_loader = DataLoader(RiverWindows(rain, level, split, len(rain), cfg.window), 256)

model = TCN(cfg.hidden)
opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=0.01)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs)
for epoch in range(cfg.epochs):
    model.train()
    losses = []
    for x, y in train_loader:
        loss = log_cosh(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    sched.step()
    model.eval()
    with torch.no_grad():
        pairs = [(model(x).flatten(), y.flatten()) for x, y in test_loader]
    pred, true = (torch.cat(c) for c in zip(*pairs))
    r2 = 1 - ((pred - true) ** 2).sum() / ((true - true.mean()) ** 2).sum()
    print(f"[{epoch + 1}/{cfg.epochs}] train {np.mean(losses):.4f} test R2 {r2.item():.4f}")
print("held-out R2 = %.4f" % r2.item())
