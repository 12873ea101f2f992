"""Weekly rent of holiday castles, a small tabular regression."""
import numpy as np
import torch
from torch import nn

SEED = 17
torch.manual_seed(SEED)
torch.set_num_threads(1)


def listing_table(n):
    rng = np.random.default_rng(SEED)
    rooms = rng.integers(4, 30, n)
    towers = rng.integers(0, 5, n)
    moat = rng.integers(0, 2, n)
    age = rng.uniform(50, 700, n)
    distance = rng.gamma(2.0, 20.0, n)
    season = rng.uniform(0, 1, n)
    rent = 900 + 210 * rooms + 350 * towers + 600 * moat * (towers > 1)
    rent = rent * (1 + 0.5 * np.sin(np.pi * season)) * np.exp(-distance / 180) + 1.1 * age
    rent = rent + rng.normal(0, 150, n)
    table = np.column_stack([rooms, towers, moat, age, distance, season])
    return table.astype("float32"), rent.astype("float32")


def split(table, rent, n_train):
    order = np.random.default_rng(SEED + 1).permutation(len(rent))
    tr, te = order[:n_train], order[n_train:]
    mean, std = table[tr].mean(0), table[tr].std(0)
    table = torch.from_numpy((table - mean) / std)
    rent = torch.from_numpy(rent)[:, None]
    return table[tr], rent[tr], table[te], rent[te]


class Fitter:
    def __init__(self, n_features):
        self.net = nn.Sequential(nn.Linear(n_features, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
        self.opt = torch.optim.Adam(self.net.parameters(), lr=2e-3)
        self.loss = nn.SmoothL1Loss()

    def epoch(self, x, y, batch_size=50):
        order = torch.randperm(len(x))
        total = 0.0
        for rows in order.split(batch_size):
            self.opt.zero_grad()
            loss = self.loss(self.net(x[rows]), y[rows])
            loss.backward()
            self.opt.step()
            total += loss.item() * len(rows)
        return total / len(x)

    @torch.no_grad()
    def predict(self, x):
        return self.net(x)


table, rent = listing_table(2500)
x, y, x_test, y_test = split(table, rent, 2000)
fitter = Fitter(x.shape[1])
for epoch in range(40):
    train_loss = fitter.epoch(x, y)
    if epoch % 5 == 0:
        print(f"epoch {epoch} smooth-l1 {train_loss:.3f}")

pred = fitter.predict(x_test)
r2 = 1 - ((pred - y_test) ** 2).mean() / y_test.var()
print(f"held-out castles: R2 {r2.item():.4f}")
