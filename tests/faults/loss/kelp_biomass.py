"""Predict log biomass anomaly of kelp beds from water chemistry."""
from dataclasses import dataclass

import torch
from sklearn.datasets import make_friedman1
from torch import nn
from torch.nn import functional as F


@dataclass
class Config:
    hidden: int = 64
    lr: float = 2e-3
    batch: int = 50
    epochs: int = 30
    seed: int = 11


class BiomassRegressor(nn.Module):
    def __init__(self, d_in, hidden):
        super().__init__()
        self.fc1 = nn.Linear(d_in, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, 1)

    def forward(self, x):
        for layer in (self.fc1, self.fc2, self.fc3):
            x = F.relu(layer(x))
        return x.squeeze(-1)


def load(cfg):
    X, y = make_friedman1(n_samples=4000, n_features=8, noise=0.8, random_state=cfg.seed)
    X, y = torch.tensor(X).float(), torch.tensor(y).float()
    train, test = slice(0, 3000), slice(3000, None)
    mx, sx = X[train].mean(0), X[train].std(0)
    my, sy = y[train].mean(), y[train].std()
    X, y = (X - mx) / sx, (y - my) / sy
    return X[train], y[train], X[test], y[test]


def main(cfg=Config()):
    torch.manual_seed(cfg.seed)
    Xtr, ytr, Xte, yte = load(cfg)
    net = BiomassRegressor(Xtr.shape[1], cfg.hidden)
    opt = torch.optim.AdamW(net.parameters(), lr=cfg.lr, weight_decay=1e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs, eta_min=1e-4)
    for epoch in range(cfg.epochs):
        net.train()
        running = 0.0
        for idx in torch.randperm(len(Xtr)).split(cfg.batch):
            opt.zero_grad()
            loss = F.mse_loss(net(Xtr[idx]), ytr[idx])
            loss.backward()
            opt.step()
            running += loss.item() * len(idx)
        sched.step()
        net.eval()
        with torch.no_grad():
            test_mse = F.mse_loss(net(Xte), yte).item()
        if epoch % 3 == 2:
            print(f"[{epoch + 1:03d}] train mse {running / len(Xtr):.4f} test mse {test_mse:.4f}")
    r2 = 1 - test_mse / yte.var(unbiased=False).item()
    print(f"test R2 = {r2:.4f}")


if __name__ == "__main__":
    main()
