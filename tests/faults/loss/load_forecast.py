"""One-step-ahead forecast of a daily electricity load curve with an LSTM."""
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


@dataclass
class Config:
    window: int = 24
    hidden: int = 24
    lr: float = 4e-3
    epochs: int = 14
    batch: int = 64


def make_series(n=2400, seed=5):
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    load = 60 + 14 * np.sin(2 * np.pi * t / 24) + 6 * np.sin(2 * np.pi * t / 168) + 4 * np.cos(4 * np.pi * t / 24)
    return load + rng.normal(0, 2.0, n)


class Windows(Dataset):
    def __init__(self, series, window):
        self.s = torch.tensor(series, dtype=torch.float32)
        self.w = window

    def __len__(self):
        return len(self.s) - self.w

    def __getitem__(self, i):
        return self.s[i:i + self.w].unsqueeze(-1), self.s[i + self.w]


class Forecaster(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.lstm = nn.LSTM(1, cfg.hidden, batch_first=True)
        self.head = nn.Sequential(nn.Linear(cfg.hidden, 16), nn.ReLU(), nn.Linear(16, 1), nn.Softplus())

    def forward(self, x):
        seq, _ = self.lstm(x)
        return self.head(seq[:, -1]).squeeze(-1)


def run_epoch(model, loader, loss_fn, opt=None):
    model.train(opt is not None)
    total, n = 0.0, 0
    with torch.set_grad_enabled(opt is not None):
        for x, y in loader:
            loss = loss_fn(model(x), y)
            if opt is not None:
                opt.zero_grad()
                loss.backward()
                opt.step()
            total += loss.item() * len(y)
            n += len(y)
    return total / n


def main():
    torch.manual_seed(6)
    cfg = Config()
    series = make_series()
    split = int(0.8 * len(series))
    mu, sd = series[:split].mean(), series[:split].std()
    series = (series - mu) / sd
    train = DataLoader(Windows(series[:split], cfg.window), cfg.batch, shuffle=True)
    valid = DataLoader(Windows(series[split:], cfg.window), 256)
    model = Forecaster(cfg)
    opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs)
    for epoch in range(cfg.epochs):
        tr = run_epoch(model, train, nn.MSELoss(), opt)
        va = run_epoch(model, valid, nn.MSELoss())
        sched.step()
        print(f"epoch {epoch:2d}  train mse {tr:.4f}  valid mse {va:.4f}")


if __name__ == "__main__":
    main()
