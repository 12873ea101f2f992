"""Steel-beam deflection surrogate trained with a random batch sampler."""
from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.datasets import make_friedman1
from torch import nn


@dataclass
class Settings:
    seed: int = 8
    batch: int = 32
    updates_per_round: int = 6
    rounds: int = 240
    lr: float = 3e-3
    widths: list = field(default_factory=lambda: [48, 48])


class Sampler:
    def __init__(self, x, y, batch, seed):
        self.x, self.y, self.batch, self.seed = x, y, batch, seed

    def round(self, index, updates):
        gen = torch.Generator().manual_seed(self.seed)
        for _ in range(updates):
            pick = torch.randint(len(self.x), (self.batch,), generator=gen)
            yield self.x[pick], self.y[pick]


class Trainer:
    def __init__(self, s):
        torch.manual_seed(s.seed)
        x, y = make_friedman1(5000, n_features=10, noise=1.0, random_state=s.seed)
        x = (x - 0.5) * np.sqrt(12.0)
        y = (y - y[:4000].mean()) / y[:4000].std()
        x, y = torch.tensor(x).float(), torch.tensor(y).float()[:, None]
        self.s = s
        self.sampler = Sampler(x[:4000], y[:4000], s.batch, s.seed)
        self.val = x[4000:], y[4000:]
        layers, d = [], x.shape[1]
        for w in s.widths:
            layers += [nn.Linear(d, w), nn.SiLU()]
            d = w
        self.model = nn.Sequential(*layers, nn.Linear(d, 1))
        self.opt = torch.optim.Adam(self.model.parameters(), lr=s.lr)
        self.mse = nn.MSELoss()

    def step(self, xb, yb):
        self.model.train()
        loss = self.mse(self.model(xb), yb)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        return self.mse(self.model(self.val[0]), self.val[1]).item()

    def fit(self):
        for r in range(self.s.rounds):
            losses = [self.step(xb, yb) for xb, yb in self.sampler.round(r, self.s.updates_per_round)]
            if (r + 1) % 20 == 0:
                print(f"round {r + 1:3d} train {np.mean(losses):.4f} val {self.validate():.4f}")
        print(f"final val mse {self.validate():.4f}")


if __name__ == "__main__":
    Trainer(Settings()).fit()
