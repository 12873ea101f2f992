"""Operating state of a machine (idle, milling, drilling, cooling) from rolling statistics of three sensors."""
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
import torch.nn as nn


@dataclass
class Config:
    rows: int = 6000
    short: int = 6
    long: int = 40
    hidden: int = 32
    batch: int = 100
    epochs: int = 25
    lr: float = 0.003
    seed: int = 5


cfg = Config()
rng = np.random.default_rng(cfg.seed)
torch.manual_seed(cfg.seed)


def load_log():
    state, states = 0, []
    for _ in range(cfg.rows):
        if rng.random() < 1 / 50:
            state = int(rng.choice([s for s in range(4) if s != state]))
        states.append(state)
    states = np.array(states)
    level = np.array([[0, 0, 0], [1.2, 0.3, -0.4], [0.2, 1.2, 0.5], [-0.6, 0.1, 1.2]])
    sensors = level[states] + rng.normal(0, 0.9, (cfg.rows, 3))
    log = pd.DataFrame(sensors, columns=["power", "vibration", "heat"])
    log["state"] = states
    return log


log = load_log()
sensors = log[["power", "vibration", "heat"]]
features = pd.concat([sensors, sensors.rolling(cfg.short).mean().add_suffix("_short"),
                      sensors.rolling(cfg.long).mean().add_suffix("_long")], axis=1).dropna()
labels = log["state"].to_numpy()[:len(features)]

split = int(0.75 * len(features))
X = features.to_numpy()
X = (X - X[:split].mean(0)) / X[:split].std(0)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(labels)

model = nn.Sequential(nn.Linear(X.shape[1], cfg.hidden), nn.GELU(), nn.Dropout(0.1), nn.Linear(cfg.hidden, 4))
opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=1e-3)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(cfg.epochs):
    model.train()
    perm = torch.randperm(split)
    running = 0
    for chunk in perm.split(cfg.batch):
        opt.zero_grad()
        loss = loss_fn(model(X[chunk]), y[chunk])
        loss.backward()
        opt.step()
        running += loss.item() * len(chunk)
    if (epoch + 1) % 5 == 0:
        print("epoch", epoch + 1, "loss", round(running / split, 4))

model.eval()
with torch.no_grad():
    hits = (model(X[split:]).argmax(1) == y[split:]).float().mean().item()
print(f"held-out accuracy {hits:.3f}")
