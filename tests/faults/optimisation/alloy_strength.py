"""Yield strength of an alloy from its composition and heat treatment."""
from dataclasses import dataclass
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F


@dataclass
class TrainConfig:
    hidden: int = 64
    lr: float = 5e-3
    reg_lambda: float = 0.05
    batch_size: int = 40
    epochs: int = 60
    seed: int = 31


def furnace_records(n, seed):
    rng = np.random.default_rng(seed)
    c, mn, cr, temp, hours = rng.uniform(-1.7, 1.7, (5, n))
    strength = (1.2 * c + 0.8 * np.sin(1.5 * mn) - 0.7 * (temp - 0.4 * cr) ** 2
                + 0.9 * c * hours + 0.6 * np.tanh(3 * cr) + 0.15 * rng.standard_normal(n))
    return np.stack([c, mn, cr, temp, hours], 1), strength


class StrengthNet(nn.Module):
    def __init__(self, n_in, hidden):
        super().__init__()
        self.fc1 = nn.Linear(n_in, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, 1)

    def forward(self, x):
        x = F.silu(self.fc1(x))
        x = F.silu(self.fc2(x))
        return self.fc3(x).squeeze(1)


def l2_penalty(model):
    return sum(p.pow(2).sum() for name, p in model.named_parameters() if "weight" in name)


def r2(pred, y):
    return (1 - ((pred - y) ** 2).sum() / ((y - y.mean()) ** 2).sum()).item()


def main():
    cfg = TrainConfig()
    torch.manual_seed(cfg.seed)
    X, y = furnace_records(1500, cfg.seed)
    mu, sd = y[:1100].mean(), y[:1100].std()
    X = torch.tensor(X, dtype=torch.float32)
    y = torch.tensor((y - mu) / sd, dtype=torch.float32)
    Xtr, ytr, Xho, yho = X[:1100], y[:1100], X[1100:], y[1100:]
    model = StrengthNet(X.shape[1], cfg.hidden)
    opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    for epoch in range(cfg.epochs):
        perm = torch.randperm(len(Xtr))
        model.train()
        fit_loss = 0.0
        for i in range(0, len(Xtr), cfg.batch_size):
            b = perm[i:i + cfg.batch_size]
            mse = F.mse_loss(model(Xtr[b]), ytr[b])
            loss = mse + cfg.reg_lambda * l2_penalty(model)
            opt.zero_grad()
            loss.backward()
            opt.step()
            fit_loss += mse.item() * len(b)
        model.eval()
        with torch.no_grad():
            score = r2(model(Xho), yho)
        if epoch % 5 == 4:
            print(f"epoch {epoch + 1:3d}  fit mse {fit_loss / len(Xtr):.4f}  holdout R2 {score:.4f}")


main()
