"""Predict the sound level of a cooling fan from geometry and speed."""
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn


@dataclass
class Config:
    widths: tuple = (8, 64, 64, 1)
    lr: float = 0.02
    momentum: float = 0.9
    epochs: int = 40
    batch: int = 50
    seed: int = 11


cfg = Config()
torch.manual_seed(cfg.seed)
rng = np.random.default_rng(cfg.seed)

n = 2400
X = rng.uniform(-1.7, 1.7, size=(n, 8))
level = (1.2 * X[:, 0] + np.sin(2 * X[:, 1]) + 0.7 * X[:, 2] * X[:, 3]
         - 0.5 * X[:, 4] ** 2 + 0.6 * X[:, 5] + 0.15 * rng.normal(size=n))
level = 62 + 5 * level

X_tr, X_va = X[:1800], X[1800:]
y_tr, y_va = level[:1800], level[1800:]
mu, sd = y_tr.mean(), y_tr.std()
X_tr, X_va = torch.tensor(X_tr, dtype=torch.float32), torch.tensor(X_va, dtype=torch.float32)
t_tr = torch.tensor((y_tr - mu) / sd, dtype=torch.float32).unsqueeze(1)
t_va = torch.tensor((y_va - mu) / sd, dtype=torch.float32).unsqueeze(1)


def build_mlp(widths):
    layers = []
    for a, b in zip(widths[:-1], widths[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers)


net = build_mlp(cfg.widths)
opt = torch.optim.SGD(net.parameters(), lr=cfg.lr, momentum=cfg.momentum, nesterov=True, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs)
mse = nn.MSELoss()

for epoch in range(cfg.epochs):
    net.train()
    order = torch.randperm(len(X_tr))
    total = 0.0
    for i in range(0, len(order), cfg.batch):
        idx = order[i:i + cfg.batch]
        opt.zero_grad()
        loss = mse(net(X_tr[idx]), t_tr[idx])
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    sched.step()
    net.eval()
    with torch.no_grad():
        val = mse(net(X_va), t_va).item()
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1:3d}  train mse {total / len(X_tr):.4f}  val mse {val:.4f}")

print(f"validation R2 = {1 - val / t_va.var(unbiased=False).item():.4f}")
