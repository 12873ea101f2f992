"""Sugar at harvest (deviation from the estate's long-term mean) from season summaries of each block."""
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    blocks: int = 2600
    width: int = 48
    batch_size: int = 64
    epochs: int = 30
    lr: float = 3e-3
    seed: int = 11


def season_table(cfg):
    rng = np.random.default_rng(cfg.seed)
    n = cfg.blocks
    degree_days = rng.normal(1450, 140, n)
    rain = rng.gamma(6.0, 12.0, n)
    slope = rng.uniform(0, 25, n)
    age = rng.integers(4, 45, n)
    crop_load = rng.normal(2.1, 0.5, n)
    irrigated = rng.integers(0, 2, n)
    warmth = (degree_days - 1450) / 140
    dry = (72 - rain) / 29
    brix = 1.1 * warmth - 0.35 * warmth ** 2 + 0.7 * dry * (1 - 0.6 * irrigated)
    brix += 0.04 * (slope - 12) + 0.5 * np.tanh((age - 15) / 8) - 1.2 * (crop_load - 2.1)
    brix += rng.normal(0, 0.3, n)
    X = np.stack([degree_days, rain, slope, age, crop_load, irrigated], axis=1)
    return X.astype("float32"), (brix - brix.mean()).astype("float32")


class BrixNet(nn.Module):
    def __init__(self, n_in, width):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_in, width), nn.ReLU(),
            nn.Linear(width, width), nn.ReLU(),
            nn.Linear(width, 1), nn.ReLU(),
        )

    def forward(self, x):
        return self.layers(x).squeeze(-1)


@torch.no_grad()
def r_squared(net, X, y):
    net.eval()
    residual = ((net(X) - y) ** 2).sum()
    return 1 - (residual / ((y - y.mean()) ** 2).sum()).item()


def main():
    cfg = Config()
    torch.manual_seed(cfg.seed)
    X, y = season_table(cfg)
    cut = int(0.8 * len(X))
    mean, std = X[:cut].mean(0), X[:cut].std(0)
    X = torch.from_numpy((X - mean) / std)
    y = torch.from_numpy(y / y[:cut].std())
    train = TensorDataset(X[:cut], y[:cut])
    loader = DataLoader(train, batch_size=cfg.batch_size, shuffle=True)

    net = BrixNet(X.shape[1], cfg.width)
    optimizer = torch.optim.AdamW(net.parameters(), lr=cfg.lr, weight_decay=1e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=cfg.epochs)
    criterion = nn.MSELoss()

    for epoch in range(1, cfg.epochs + 1):
        net.train()
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(net(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(xb)
        scheduler.step()
        print(f"epoch {epoch:2d}  train mse {total / cut:.4f}  test R2 {r_squared(net, X[cut:], y[cut:]):.4f}")
    print(f"final R2 on held-out blocks: {r_squared(net, X[cut:], y[cut:]):.4f}")


if __name__ == "__main__":
    main()
