from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Settings:
    widths: list = field(default_factory=lambda: [64, 64])
    lr: float = 1e-3
    batch_size: int = 50
    epochs: int = 25
    seed: int = 77


def towing_tank(n, seed):
    """Drag of a hull (standardised) from speed, length, beam, draught, trim and roughness."""
    rng = np.random.default_rng(seed)
    v, l, b, d, trim, rough = (rng.uniform(-1, 1, n) for _ in range(6))
    drag = 1.2 * v + 0.9 * v ** 2 + 0.5 * v * b - 0.6 * np.sin(2 * l) + 0.4 * d * trim + 0.3 * rough
    drag += rng.normal(0, 0.15, n)
    return np.stack([v, l, b, d, trim, rough], 1) * np.sqrt(3), drag


def mlp(n_in, widths):
    blocks, last = [], n_in
    for w in widths:
        blocks += [nn.Linear(last, w), nn.BatchNorm1d(w), nn.ReLU()]
        last = w
    return nn.Sequential(*blocks, nn.Linear(last, 1))


class Runner:
    def __init__(self, cfg):
        self.cfg = cfg
        torch.manual_seed(cfg.seed)
        (Xa, ya), (Xb, yb) = towing_tank(3000, 1), towing_tank(1000, 2)
        self.mu, self.sd = ya.mean(), ya.std()
        pack = lambda X, y: TensorDataset(torch.tensor(X).float(), torch.tensor((y - self.mu) / self.sd).float())
        self.train_dl = DataLoader(pack(Xa, ya), cfg.batch_size, shuffle=True)
        self.test_bands = self.by_speed(*pack(Xb, yb).tensors)
        self.model = mlp(6, cfg.widths)
        self.opt = torch.optim.AdamW(self.model.parameters(), lr=cfg.lr, weight_decay=1e-4)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, cfg.epochs)

    @staticmethod
    def by_speed(X, y, bands=5):
        order = X[:, 0].argsort()
        return [(X[rows], y[rows]) for rows in order.chunk(bands)]

    def train_epoch(self):
        self.model.train()
        total = 0.0
        for X, y in self.train_dl:
            loss = nn.functional.mse_loss(self.model(X).squeeze(1), y)
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            total += loss.item() * len(y)
        self.sched.step()
        return total / len(self.train_dl.dataset)

    def evaluate(self):
        with torch.no_grad():
            return [((self.model(X).squeeze(1) - y) ** 2).mean().item() for X, y in self.test_bands]

    def run(self):
        for e in range(self.cfg.epochs):
            tr, te = self.train_epoch(), self.evaluate()
            if e % 4 == 0 or e == self.cfg.epochs - 1:
                print(f"epoch {e:2d} train {tr:.4f} test by speed band", " ".join(f"{b:.4f}" for b in te))
        print(f"test mse: {np.mean(te):.4f}")


if __name__ == "__main__":
    Runner(Settings()).run()
