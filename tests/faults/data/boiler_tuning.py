"""Predict flue-gas NOx class (low / medium / high) from plant readings."""
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn


@dataclass
class Config:
    n: int = 3000
    hidden: int = 48
    lr: float = 2e-3
    batch: int = 50
    epochs: int = 20
    seed: int = 3


def readings(cfg):
    rng = np.random.default_rng(cfg.seed)
    pressure = rng.normal(1013.25, 9, cfg.n)          # hPa
    steam = rng.normal(540, 18, cfg.n)               # deg C
    oxygen = rng.uniform(0.02, 0.06, cfg.n)          # fraction
    load = rng.uniform(120, 300, cfg.n)              # MW
    coal = rng.normal(24.5, 1.2, cfg.n)              # MJ/kg
    z = (2.2 * np.sin((oxygen - 0.04) * 120) + (load - 210) / 45 * (oxygen - 0.04) * 60
         + 0.8 * (steam - 540) / 18 + 0.5 * (pressure - 1013.25) / 9 - 0.4 * (coal - 24.5))
    z = z + rng.normal(0, 0.1, cfg.n)
    y = np.digitize(z, np.quantile(z, [1 / 3, 2 / 3]))
    return np.column_stack([pressure, steam, oxygen, load, coal]), y


class BoilerNet(nn.Module):
    def __init__(self, n_in, hidden):
        super().__init__()
        self.fc1 = nn.Linear(n_in, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, 3)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)


def run(cfg):
    torch.manual_seed(cfg.seed)
    X, y = readings(cfg)
    X = torch.as_tensor(X, dtype=torch.float32)
    y = torch.as_tensor(y)
    split = int(0.8 * cfg.n)
    model = BoilerNet(X.shape[1], cfg.hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(cfg.epochs):
        perm = torch.randperm(split)
        total = 0.0
        for start in range(0, split, cfg.batch):
            idx = perm[start:start + cfg.batch]
            optimizer.zero_grad()
            loss = criterion(model(X[idx]), y[idx])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(idx)
        with torch.no_grad():
            accuracy = (model(X[split:]).argmax(1) == y[split:]).float().mean()
        if epoch % 5 == 4:
            print(f"epoch={epoch + 1} train_loss={total / split:.4f} val_acc={accuracy:.4f}")
    return accuracy


if __name__ == "__main__":
    print(f"NOx class accuracy {run(Config()):.4f}")
