import argparse
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn


@dataclass
class Config:
    hidden: int = 32
    lr: float = 8e-3
    batch: int = 50
    epochs: int = 60
    seed: int = 7


def weather_log(n, seed):
    """Irradiance [W/m2], cell temperature [K], pressure [hPa], wind direction [deg], humidity [%] -> output [kW]."""
    rng = np.random.default_rng(seed)
    irr = rng.uniform(50, 1000, n)
    temp = rng.normal(298, 9, n)
    pres = rng.normal(1013, 8, n)
    wind = rng.uniform(0, 360, n)
    hum = rng.uniform(20, 95, n)
    cooling = 1 + 0.6 * np.cos(np.deg2rad(wind - 200))
    eff = 1 - 0.012 * (temp - 298) * (1.6 - cooling) - 0.15 * ((hum - 60) / 35) ** 2 + 0.01 * (pres - 1013)
    kw = 5.0 * irr / 1000 * eff + rng.normal(0, 0.06, n)
    return np.stack([irr, temp, pres, wind, hum], axis=1), kw[:, None]


class InverterNet(nn.Module):
    def __init__(self, n_in, hidden):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_in, hidden), nn.ELU(),
            nn.Linear(hidden, hidden), nn.ELU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, x):
        return self.layers(x)


def run(cfg):
    torch.manual_seed(cfg.seed)
    X, y = weather_log(2000, cfg.seed)
    Xv, yv = weather_log(600, cfg.seed + 1)
    mu, sd = y.mean(), y.std()
    x_train = torch.tensor(X, dtype=torch.float32)
    x_val = torch.tensor(Xv, dtype=torch.float32)
    y_train = torch.tensor((y - mu) / sd, dtype=torch.float32)
    y_val = torch.tensor((yv - mu) / sd, dtype=torch.float32)

    net = InverterNet(X.shape[1], cfg.hidden)
    opt = torch.optim.Adam(net.parameters(), lr=cfg.lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=cfg.epochs, eta_min=cfg.lr / 20)
    for epoch in range(cfg.epochs):
        perm = torch.randperm(len(x_train))
        losses = []
        for i in range(0, len(perm), cfg.batch):
            b = perm[i:i + cfg.batch]
            loss = nn.functional.mse_loss(net(x_train[b]), y_train[b])
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        sched.step()
        with torch.no_grad():
            val = nn.functional.mse_loss(net(x_val), y_val).item()
        if epoch % 5 == 4:
            print(f"epoch {epoch + 1:3d} | train {np.mean(losses):.4f} | val {val:.4f}")
    print(f"validation MSE (standardised kW): {val:.5f}")


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=Config.epochs)
    ap.add_argument("--lr", type=float, default=Config.lr)
    a = ap.parse_args()
    run(Config(epochs=a.epochs, lr=a.lr))
