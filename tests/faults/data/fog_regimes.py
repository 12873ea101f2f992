"""Airfield observations (pressure hPa, temperature, dew point, wind, ceiling) -> visibility regime."""
from dataclasses import dataclass
import numpy as np
import torch
from torch import nn


@dataclass
class Config:
    hidden: int = 40
    lr: float = 0.003
    batch: int = 50
    epochs: int = 25
    seed: int = 3


def observations(n, rng):
    temp = rng.normal(8, 6, n)
    spread = rng.gamma(2.0, 1.6, n)
    dew = temp - spread
    wind = rng.gamma(2.0, 2.2, n)
    pressure = rng.normal(1013, 9, n)
    ceiling = rng.gamma(2.0, 600, n)
    s = -1.1 * (spread - 3.2) + 0.5 * np.abs(wind - 4.4) + 0.0006 * (ceiling - 1200) * np.sign(pressure - 1013)
    s = s + rng.normal(0, 0.25, n)
    label = np.digitize(s, np.quantile(s, [1 / 3, 2 / 3]))
    X = np.stack([pressure, temp, dew, wind, ceiling], 1)
    return X, label


class RegimeNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.l1 = nn.Linear(5, cfg.hidden)
        self.l2 = nn.Linear(cfg.hidden, cfg.hidden)
        self.l3 = nn.Linear(cfg.hidden, 3)

    def forward(self, x):
        x = torch.relu(self.l1(x))
        x = torch.relu(self.l2(x))
        return self.l3(x)


def main(cfg=Config()):
    torch.manual_seed(cfg.seed)
    rng = np.random.default_rng(cfg.seed)
    X, label = observations(4000, rng)
    X = torch.tensor(X, dtype=torch.float32)
    y = torch.tensor(label)
    X_train, y_train, X_val, y_val = X[:3200], y[:3200], X[3200:], y[3200:]
    net = RegimeNet(cfg)
    ce = nn.CrossEntropyLoss()
    opt = torch.optim.Adam(net.parameters(), lr=cfg.lr)
    for epoch in range(cfg.epochs):
        net.train()
        order = torch.randperm(len(X_train))
        tot = 0.0
        for k in range(0, len(order), cfg.batch):
            idx = order[k:k + cfg.batch]
            loss = ce(net(X_train[idx]), y_train[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            tot += loss.item() * len(idx)
        net.eval()
        with torch.no_grad():
            out = net(X_val)
            val = ce(out, y_val).item()
            acc = (out.argmax(1) == y_val).float().mean().item()
        print(f"{epoch:3d} train {tot / len(X_train):.4f} val {val:.4f} acc {acc:.3f}")
    print("validation accuracy %.4f" % acc)


if __name__ == "__main__":
    main()
