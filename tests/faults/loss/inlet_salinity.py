"""Salinity at the oyster beds, 1, 3 and 6 hours ahead, from the last two days of inlet readings.

The growers close the intake gates when the water turns too fresh.  Inputs are hourly: tide height,
river discharge, along-shore wind, rainfall and the present salinity.
"""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
rng = np.random.default_rng(11)
HORIZONS = (1, 3, 6)
WINDOW = 48


def simulate(hours=5200):
    t = np.arange(hours)
    tide = np.sin(2 * np.pi * t / 12.42) + 0.4 * np.sin(2 * np.pi * t / 12.0 + 1.0)
    rain = rng.gamma(0.15, 3.0, hours)
    river = np.zeros(hours)
    wind = np.zeros(hours)
    salt = np.zeros(hours)
    for i in range(1, hours):
        river[i] = 0.97 * river[i - 1] + 0.12 * rain[i - 1]
        wind[i] = 0.93 * wind[i - 1] + 0.35 * rng.normal()
        lag = max(i - 4, 0)
        push = 1.6 * tide[i - 1] - 1.1 * np.tanh(river[lag] - 1.5) + 0.8 * np.tanh(wind[i - 1]) * (tide[i - 1] > 0)
        salt[i] = 0.8 * salt[i - 1] + 0.5 * push + 0.12 * rng.normal()
    return np.stack([tide, river, wind, rain, salt]).astype(np.float32)


def windows(series):
    ends = np.arange(WINDOW, series.shape[1] - max(HORIZONS))
    x = np.stack([series[:, e - WINDOW:e] for e in ends])
    y = np.stack([[series[4, e - 1 + h] for h in HORIZONS] for e in ends])
    return torch.from_numpy(x), torch.from_numpy(y)


def causal(cin, cout, kernel, dilation):
    return nn.Sequential(
        nn.ConstantPad1d(((kernel - 1) * dilation, 0), 0.0),
        nn.Conv1d(cin, cout, kernel, dilation=dilation),
        nn.ReLU(),
    )


class TCN(nn.Module):
    def __init__(self, channels=24):
        super().__init__()
        self.stem = causal(5, channels, 3, 1)
        self.layers = nn.ModuleList([causal(channels, channels, 3, d) for d in (2, 4, 8)])
        self.out = causal(channels, len(HORIZONS), 1, 1)

    def forward(self, x):
        h = self.stem(x)
        for layer in self.layers:
            h = h + layer(h)
        return self.out(h)[:, :, -1]


def r2(model, x, y):
    model.eval()
    with torch.no_grad():
        p = torch.cat([model(part) for part in x.split(512)])
    model.train()
    return 1 - ((p - y) ** 2).sum(0) / ((y - y.mean(0)) ** 2).sum(0)


series = simulate()
cut = int(series.shape[1] * 0.8)
mean, std = series[:, :cut].mean(1, keepdims=True), series[:, :cut].std(1, keepdims=True)
series = (series - mean) / std
xtr, ytr = windows(series[:, :cut])
xva, yva = windows(series[:, cut:])
print(f"{len(xtr)} training windows, {len(xva)} held out (later in the year)")

loader = DataLoader(TensorDataset(xtr, ytr), batch_size=64, shuffle=True)
model = TCN()
EPOCHS = 7
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=4e-3, total_steps=EPOCHS * len(loader))

for epoch in range(EPOCHS):
    running = 0.0
    for x, y in loader:
        loss = nn.functional.mse_loss(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        running += loss.item() * len(x)
    scores = r2(model, xva, yva)
    print(f"epoch {epoch + 1:2d}  train mse {running / len(xtr):.4f}  "
          + "  ".join(f"R2@{h}h {s:.3f}" for h, s in zip(HORIZONS, scores.tolist())))

print(f"mean R2 over horizons: {r2(model, xva, yva).mean().item():.4f}")
