# District heating: the next 12 hours of heat demand (MW) from the last 48, for the boiler-house planner.
import math
import numpy as np
import torch
from torch import nn

BACK, AHEAD = 48, 12


def demand(hours, seed):
    """Hourly load of the network: seasons, day rhythm, weather spells."""
    rng = np.random.default_rng(seed)
    t = np.arange(hours)
    outside = 9 - 11 * np.cos(2 * np.pi * t / 8760)
    spell = np.zeros(hours)
    for i in range(1, hours):
        spell[i] = 0.985 * spell[i - 1] + rng.normal(0, 0.35)
    cold = np.maximum(17 - outside - spell - 3 * np.sin(2 * np.pi * (t - 9) / 24), 0)
    day = 1 + 0.3 * np.sin(2 * np.pi * (t - 3) / 24) + 0.2 * np.sin(4 * np.pi * (t - 4) / 24)
    return 6 + 3.0 * cold * day + 4 * day + rng.normal(0, 1.0, hours)


class Scale:
    def __init__(self, series):
        self.mean, self.std = series.mean(), series.std()

    def there(self, series):
        return (series - self.mean) / self.std

    def back(self, series):
        return series * self.std + self.mean


def windows(series, stride):
    starts = np.arange(0, len(series) - BACK - AHEAD, stride)
    block = np.stack([series[s:s + BACK + AHEAD] for s in starts])
    clock = np.stack([np.sin(2 * np.pi * starts / 24), np.cos(2 * np.pi * starts / 24)], 1)
    block, clock = torch.tensor(block, dtype=torch.float32), torch.tensor(clock, dtype=torch.float32)
    return torch.cat([block[:, :BACK], clock], 1), block[:, BACK:]


class Planner(nn.Module):
    """direct linear path plus a correction by a small network"""

    def __init__(self, width=64):
        super().__init__()
        self.straight = nn.Linear(BACK + 2, AHEAD)
        self.bend = nn.Sequential(nn.Linear(BACK + 2, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
                                  nn.Linear(width, AHEAD))

    def forward(self, x):
        return self.straight(x) + self.bend(x)


torch.manual_seed(40)
series = demand(3 * 8760, seed=40)
history, winter = series[:int(2.75 * 8760) // 24 * 24], series[int(2.75 * 8760) // 24 * 24:]
print(f"history {len(history)} h, mean {history.mean():.1f} MW; coming winter {len(winter)} h, mean {winter.mean():.1f} MW")

scale = Scale(history)
x, y = windows(scale.there(history), stride=5)
xw, _ = windows(Scale(winter).there(winter), stride=3)
_, real = windows(winter, stride=3)

net = Planner()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
updates, size, done = 1600, 64, 0
order = iter(())
while done < updates:
    idx = next(order, None)
    if idx is None:
        order = iter(torch.randperm(len(x)).split(size))
        continue
    for group in opt.param_groups:
        group["lr"] = 2e-3 * 0.5 * (1 + math.cos(math.pi * done / updates))
    loss = nn.functional.huber_loss(net(x[idx]), y[idx], delta=2.0)
    net.zero_grad()
    loss.backward()
    opt.step()
    done += 1
    if done % 200 == 0:
        with torch.no_grad():
            miss = (scale.back(net(xw)) - real).abs()
        print(f"update {done:5d}  huber {loss.item():.4f}  winter MAE {miss.mean():.2f} MW "
              f"(first hour {miss[:, 0].mean():.2f}, last {miss[:, -1].mean():.2f})", flush=True)

print(f"naive (same hour yesterday): {(torch.tensor(scale.back(xw[:, 24:36].numpy())) - real).abs().mean():.2f} MW")
print(f"winter MAE: {miss.mean():.3f} MW")
