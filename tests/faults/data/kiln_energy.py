"""Energy per firing (kWh) of a ceramics kiln."""
from dataclasses import dataclass, field
import numpy as np
import torch
from torch import nn


@dataclass
class Settings:
    layers: list = field(default_factory=lambda: [8, 32, 32, 1])
    lr: float = 2e-3
    batch_size: int = 32
    epochs: int = 30
    seed: int = 29


class KilnRegressor(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        blocks = []
        for i, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
            blocks.append(nn.Linear(a, b))
            if i < len(sizes) - 2:
                blocks.append(nn.Tanh())
        self.net = nn.Sequential(*blocks)

    def forward(self, x):
        return self.net(x)


def firings(n, seed):
    r = np.random.default_rng(seed)
    x = r.normal(size=(n, 8))
    kwh = 75 + 30 * x[:, 0] + 20 * np.sin(1.5 * x[:, 1]) + 14 * x[:, 2] * x[:, 3] + 10 * np.maximum(x[:, 4], 0)
    return x, kwh + r.normal(0, 10, n)


class Fitter:
    def __init__(self, s):
        torch.manual_seed(s.seed)
        self.s = s
        x, kwh = firings(2500, s.seed)
        y = kwh
        self.x = torch.tensor(x, dtype=torch.float32)
        self.y = torch.tensor(y, dtype=torch.float32).view(-1, 1)
        self.train_idx, self.val_idx = torch.arange(0, 2000), torch.arange(2000, 2500)
        self.model = KilnRegressor(s.layers)
        self.opt = torch.optim.Adam(self.model.parameters(), lr=s.lr)

    def r2(self, idx):
        self.model.eval()
        with torch.no_grad():
            p, t = self.model(self.x[idx]), self.y[idx]
        return (1 - ((p - t) ** 2).sum() / ((t - t.mean()) ** 2).sum()).item()

    def fit(self):
        for epoch in range(self.s.epochs):
            self.model.train()
            for idx in self.train_idx[torch.randperm(2000)].split(self.s.batch_size):
                loss = nn.functional.mse_loss(self.model(self.x[idx]), self.y[idx])
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
            if (epoch + 1) % 5 == 0:
                print(f"epoch {epoch + 1:3d} loss {loss.item():10.3f} R2 train {self.r2(self.train_idx):.4f} R2 val {self.r2(self.val_idx):.4f}")


Fitter(Settings()).fit()
