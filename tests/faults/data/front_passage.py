"""Does a front pass in the next hours?  GRU over 36 hourly readings of a weather station."""
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn


@dataclass
class Config:
    n_train: int = 2000
    n_val: int = 400
    hours: int = 36
    hidden: int = 24
    lr: float = 7e-3
    batch: int = 64
    epochs: int = 18
    seed: int = 11


def station(n, hours, rng):
    t = np.arange(hours)
    y = rng.integers(0, 2, n)
    phase = rng.uniform(0, 24, (n, 1))
    temp = 284 + 4 * np.sin(2 * np.pi * (t - phase) / 24) + rng.normal(0, 3, (n, 1)) + rng.normal(0, 1, (n, hours))
    onset = rng.uniform(10, 30, (n, 1))
    drop = np.clip(t - onset, 0, None) * y[:, None] * rng.uniform(0.15, 0.8, (n, 1))
    swing = 3 * np.sin(2 * np.pi * (t - rng.uniform(0, 30, (n, 1))) / 30)
    pressure = 1013 + rng.normal(0, 6, (n, 1)) + swing - drop + rng.normal(0, 1.5, (n, hours))
    wind = 180 + 60 * np.tanh(drop / 4) * rng.choice([-1, 1], (n, 1)) + rng.normal(0, 40, (n, hours))
    return np.stack([temp, pressure, wind], -1).astype("float32"), y.astype("float32")


class FrontGRU(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.gru = nn.GRU(3, cfg.hidden, batch_first=True)
        self.head = nn.Linear(cfg.hidden, 1)

    def forward(self, x):
        _, h = self.gru(x)
        return self.head(h[-1]).squeeze(-1)


def batches(x, y, size):
    perm = torch.randperm(len(x))
    for part in perm.split(size):
        yield x[part], y[part]


def run(cfg):
    torch.manual_seed(cfg.seed)
    rng = np.random.default_rng(cfg.seed)
    x_tr, y_tr = station(cfg.n_train, cfg.hours, rng)
    x_va, y_va = station(cfg.n_val, cfg.hours, rng)
    x_tr, x_va = torch.from_numpy(x_tr), torch.from_numpy(x_va)
    y_tr, y_va = torch.from_numpy(y_tr), torch.from_numpy(y_va)

    model = FrontGRU(cfg)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    loss_fn = nn.BCEWithLogitsLoss()
    for epoch in range(cfg.epochs):
        model.train()
        losses = []
        for xb, yb in batches(x_tr, y_tr, cfg.batch):
            loss = loss_fn(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            losses.append(loss.item())
        model.eval()
        with torch.no_grad():
            z = model(x_va)
            val = loss_fn(z, y_va).item()
            acc = ((z > 0).float() == y_va).float().mean().item()
        print(f"epoch {epoch:>2} train {np.mean(losses):.4f} val {val:.4f} acc {acc:.3f}")
    print(f"validation accuracy {acc:.4f}")


if __name__ == "__main__":
    run(Config())
