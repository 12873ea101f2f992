"""Walk-in fridge, one reading a minute, in the order in which they arrive.

The model forecasts the temperature five minutes from now and learns from every reading once, as soon as the truth is
known.  There is no training set and no second pass; every forecast is scored before it is learnt from.
"""
from collections import deque

import numpy as np
import torch
from torch import nn

AHEAD, LAGS = 5, 8


def fridge(minutes, seed=44):
    rng = np.random.default_rng(seed)
    temp, comp, door = 5.0, 0, 0
    for t in range(minutes):
        if door == 0 and rng.random() < 0.03:
            door = rng.integers(3, 8)
        door = max(door - 1, 0)
        comp = 1 if temp > 5.6 else 0 if temp < 4.2 else comp
        temp += -0.13 * comp + 0.03 + 0.10 * (door > 0) + 0.01 * (8 - temp) + rng.normal(0, 0.02)
        yield temp, comp, float(door > 0)


class Scaler:
    """Running mean and deviation."""

    def __init__(self):
        self.n, self.mean, self.m2 = 0, 0.0, 0.0

    def update(self, v):
        self.n += 1
        d = v - self.mean
        self.mean += d / self.n
        self.m2 += d * (v - self.mean)

    def __call__(self, v):
        return (v - self.mean) / max((self.m2 / max(self.n - 1, 1)) ** 0.5, 0.1)


class OnlineForecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3 * LAGS, 32), nn.Tanh(), nn.Linear(32, 1))
        self.skip = nn.Linear(3 * LAGS, 1)

    def forward(self, x):
        return (self.net(x) + self.skip(x)).squeeze(-1)


def main(minutes=9000):
    torch.manual_seed(44)
    model, scaler = OnlineForecaster(), Scaler()
    opt = torch.optim.SGD(model.parameters(), lr=0.01)
    recent, waiting = deque(maxlen=LAGS), deque()
    truth, said, hold = [], [], []

    for minute, (temp, comp, door) in enumerate(fridge(minutes)):
        scaler.update(temp)
        recent.append((scaler(temp), 2.0 * comp - 1, 2.0 * door - 0.5))
        if len(waiting) == AHEAD:
            x, base, forecast = waiting.popleft()
            change = torch.tensor(scaler(temp) - base)
            loss = 0.5 * (model(x) - change.float()) ** 2
            opt.zero_grad()
            loss.backward()
            opt.step()
            truth.append(scaler(temp)), said.append(forecast), hold.append(base)
        if len(recent) == LAGS:
            x = torch.tensor(recent, dtype=torch.float32).flatten()
            base = recent[-1][0]
            with torch.no_grad():
                waiting.append((x, base, base + model(x).item()))
        if minute % 1000 == 999:
            opt.param_groups[0]["lr"] = 0.01 / (1 + minute / 3000)
            e = np.square(np.subtract(truth, said)[-1000:]).mean()
            p = np.square(np.subtract(truth, hold)[-1000:]).mean()
            print(f"minute {minute + 1}: squared error {e:.4f}, unchanged-temperature rule {p:.4f}")

    t, f = np.array(truth[-3000:]), np.array(said[-3000:])
    print(f"last 3000 minutes, R2 {1 - np.mean((t - f) ** 2) / t.var():.4f}")


if __name__ == "__main__":
    main()
