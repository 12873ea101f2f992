from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn


@dataclass
class Config:
    hidden: int = 32
    lr: float = 5e-3
    batch: int = 64
    epochs: int = 15
    days: int = 30
    seed: int = 3


cfg = Config()
torch.manual_seed(cfg.seed)
rng = np.random.default_rng(cfg.seed)


def simulate(n):
    """Thirty days of rain and temperature; the seasonal run-off of a leaky bucket in hm3."""
    rain = rng.gamma(0.6, 9.0, size=(n, cfg.days)) * rng.uniform(0.5, 1.5, size=(n, 1))
    temp = rng.normal(12, 4, size=(n, 1)) + rng.normal(0, 2, size=(n, cfg.days))
    store, out = np.full(n, 40.0), np.zeros(n)
    for d in range(cfg.days):
        store = store + rain[:, d]
        evap = np.clip(0.25 * temp[:, d], 0, None)
        store = np.clip(store - evap, 0, None)
        flow = 0.12 * store
        store, out = store - flow, out + flow
    out = 0.3 * out + rng.normal(0, 1.2, n)
    return np.stack([rain, temp], axis=2).astype("float32"), out.astype("float32")


class RunoffGRU(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.gru = nn.GRU(2, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        _, h = self.gru(x)
        return self.head(h[-1]).squeeze(1)


xs, runoff = simulate(1900)
x_train, x_val = xs[:1500], xs[1500:]
q_train, q_val = runoff[:1500], runoff[1500:]
m, s = x_train.mean((0, 1)), x_train.std((0, 1))
x_train, x_val = torch.from_numpy((x_train - m) / s), torch.from_numpy((x_val - m) / s)
q_mean, q_std = 0.0, 1.0
q_train = torch.from_numpy((q_train - q_mean) / q_std)
q_val = torch.from_numpy((q_val - q_mean) / q_std)

model = RunoffGRU(cfg.hidden)
optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)


def nash_sutcliffe(pred, obs):
    return 1 - ((pred - obs) ** 2).sum() / ((obs - obs.mean()) ** 2).sum()


for epoch in range(cfg.epochs):
    model.train()
    for idx in torch.randperm(len(x_train)).split(cfg.batch):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x_train[idx]), q_train[idx])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        nse = nash_sutcliffe(model(x_val), q_val).item()
        train_nse = nash_sutcliffe(model(x_train), q_train).item()
    print(f"epoch {epoch + 1:02d}  last loss {loss.item():.4g}  NSE train {train_nse:.3f}  val {nse:.3f}")
print(f"validation NSE = {nse:.4f}")
