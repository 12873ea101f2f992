"""Kiln tile shrinkage from clay composition."""
from dataclasses import dataclass, field
import numpy as np
import torch
from torch import nn
from sklearn.datasets import make_friedman1
from sklearn.preprocessing import StandardScaler


@dataclass
class OptimConfig:
    lr: float = 0.01
    momentum: float = 0.997


@dataclass
class RunConfig:
    optim: OptimConfig = field(default_factory=OptimConfig)
    epochs: int = 12
    batch_size: int = 64
    seed: int = 9


class Mlp(nn.Module):
    def __init__(self, n_in, widths=(64, 32)):
        super().__init__()
        layers, last = [], n_in
        for w in widths:
            layers += [nn.Linear(last, w), nn.ReLU()]
            last = w
        layers.append(nn.Linear(last, 1))
        self.net = nn.Sequential(*layers)

    def forward(self, x):
        return self.net(x)[:, 0]


def get_data(seed):
    X, y = make_friedman1(n_samples=5000, n_features=8, noise=1.0, random_state=seed)
    sx, sy = StandardScaler().fit(X[:4000]), StandardScaler().fit(y[:4000, None])
    X = torch.tensor(sx.transform(X), dtype=torch.float32)
    y = torch.tensor(sy.transform(y[:, None])[:, 0], dtype=torch.float32)
    return X[:4000], y[:4000], X[4000:], y[4000:]


def fit(cfg):
    torch.manual_seed(cfg.seed)
    X, y, X_te, y_te = get_data(cfg.seed)
    model = Mlp(X.shape[1])
    opt = torch.optim.SGD(model.parameters(), lr=cfg.optim.lr, momentum=cfg.optim.momentum)
    for epoch in range(cfg.epochs):
        model.train()
        batch_losses = []
        for idx in torch.randperm(len(X)).split(cfg.batch_size):
            loss = nn.functional.mse_loss(model(X[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            batch_losses.append(loss.item())
        model.eval()
        with torch.no_grad():
            test_mse = nn.functional.mse_loss(model(X_te), y_te).item()
        print(f"epoch {epoch:2d}  train mse {np.mean(batch_losses):.4f}  test mse {test_mse:.4f}")
    return test_mse


if __name__ == "__main__":
    print(f"shrinkage test MSE: {fit(RunConfig()):.4f}")
