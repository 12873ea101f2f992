import numpy as np
import torch
import torch.nn as nn
from dataclasses import dataclass
from sklearn.datasets import make_regression


@dataclass
class TrainConfig:
    n: int = 1600
    features: int = 10
    hidden: int = 24
    lr: float = 0.05
    momentum: float = 0.9
    batch: int = 40
    epochs: int = 25
    seed: int = 14


def make_data(cfg):
    X, y = make_regression(cfg.n, cfg.features, n_informative=6, noise=30.0, random_state=cfg.seed)
    y = y + 25 * np.sign(X[:, 0]) * X[:, 1] ** 2
    cut = int(cfg.n * 0.75)
    X = (X - X[:cut].mean(0)) / X[:cut].std(0)
    y = (y - y[:cut].mean()) / y[:cut].std()
    X, y = torch.tensor(X).float(), torch.tensor(y).float()
    return (X[:cut], y[:cut]), (X[cut:], y[cut:])


def r2_score(pred, target):
    ss_res = ((target - pred) ** 2).mean()
    ss_tot = ((target - target.mean()) ** 2).mean()
    return (1 - ss_res / ss_tot).item()


def train(model, cfg, train_set, val_set):
    X, y = train_set
    opt = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=cfg.momentum, weight_decay=3e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs)
    for epoch in range(cfg.epochs):
        model.train()
        total = 0.0
        for idx in torch.randperm(len(X)).split(cfg.batch):
            opt.zero_grad()
            out = model(X[idx]).squeeze(1)
            loss = nn.functional.mse_loss(out, y[idx])
            loss.backward()
            opt.step()
            total += loss.item() * len(idx)
        sched.step()
        model.eval()
        with torch.no_grad():
            pred = model(val_set[0])
            r2 = r2_score(pred, val_set[1])
        if epoch % 3 == 0 or epoch == cfg.epochs - 1:
            print(f"epoch {epoch:2d} train mse {total / len(X):.4f} val R2 {r2:.4f}")
    return r2


cfg = TrainConfig()
torch.manual_seed(cfg.seed)
train_set, val_set = make_data(cfg)
model = nn.Sequential(nn.Linear(cfg.features, cfg.hidden), nn.ReLU(), nn.Linear(cfg.hidden, 1))
print(f"R^2 = {train(model, cfg, train_set, val_set):.4f}")
