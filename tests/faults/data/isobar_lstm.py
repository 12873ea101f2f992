"""Will a front pass within the next day? Two days of hourly station readings -> yes / no."""
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


@dataclass
class Config:
    hours: int = 48
    hidden: int = 32
    batch_size: int = 64
    epochs: int = 14
    lr: float = 4e-3
    seed: int = 8


def simulate(n, hours, rng):
    """pressure in hPa, temperature in degrees C, relative humidity in %, wind in km/h"""
    y = rng.permutation(np.arange(n) % 2)
    t = np.arange(hours)
    fall = rng.uniform(0.05, 0.2, n) * y
    onset = rng.integers(8, 36, n)
    ramp = np.clip(t[None] - onset[:, None], 0, None)
    walk = rng.normal(0, 0.25, (n, hours)).cumsum(1)
    pressure = 1013 + rng.normal(0, 7, (n, 1)) + walk - fall[:, None] * ramp
    temperature = 12 + rng.normal(0, 6, (n, 1)) + 4 * np.sin(6.28 * t / 24) + 0.1 * ramp * y[:, None] * rng.normal(0.5, 1, (n, 1))
    humidity = np.clip(65 + rng.normal(0, 12, (n, 1)) + 0.5 * ramp * y[:, None] + rng.normal(0, 5, (n, hours)), 5, 100)
    wind = np.abs(15 + rng.normal(0, 6, (n, 1)) + rng.normal(0, 4, (n, hours)) + 0.25 * ramp * y[:, None])
    return np.stack([pressure, temperature, humidity, wind], -1).astype("float32"), y


class FrontNet(nn.Module):
    def __init__(self, n_in, hidden):
        super().__init__()
        self.lstm = nn.LSTM(n_in, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 2)

    def forward(self, x):
        states, _ = self.lstm(x)
        return self.out(states[:, -1])


def accuracy(model, loader):
    model.eval()
    right = [(model(x).argmax(1) == y).float() for x, y in loader]
    return torch.cat(right).mean().item()


def main(cfg):
    torch.manual_seed(cfg.seed)
    x, y = simulate(3000, cfg.hours, np.random.default_rng(cfg.seed))
    x = torch.from_numpy(x)
    data = TensorDataset(x, torch.from_numpy(y))
    train_set, val_set = random_split(data, [2400, 600])
    train = DataLoader(train_set, cfg.batch_size, shuffle=True)
    val = DataLoader(val_set, 300)
    model = FrontNet(x.shape[-1], cfg.hidden)
    opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=cfg.epochs)
    for epoch in range(cfg.epochs):
        model.train()
        losses = []
        for xb, yb in train:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            opt.step()
            losses.append(loss.item())
        sched.step()
        with torch.no_grad():
            acc = accuracy(model, val)
        print(f"epoch {epoch:2d} | train loss {np.mean(losses):.4f} | val acc {acc:.4f}")
    print(f"final val accuracy {acc:.4f}")


if __name__ == "__main__":
    main(Config())
