"""Daily fluxes over a bog: CO2, methane and latent heat from the weather of the last week."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

torch.manual_seed(14)
torch.set_num_threads(1)

FLUXES = ["co2", "ch4", "le"]


def make_weather(days, rng):
    t = np.arange(days)
    temp = np.sin(2 * np.pi * t / 365) + 0.3 * rng.normal(size=days)
    sun = np.clip(0.6 * np.sin(2 * np.pi * t / 365 + 0.4) + 0.5 * rng.normal(size=days), -1.5, 1.5)
    level = np.convolve(rng.normal(size=days), np.ones(12) / 3.4, mode="same")
    wind = rng.normal(size=days)
    return np.stack([temp, sun, level, wind], 1)


def make_fluxes(w, rng):
    temp, sun, level, wind = w.T
    warm = np.convolve(temp, np.ones(5) / 5)[: len(temp)]
    co2 = -1.2 * np.maximum(sun, 0) + np.exp(0.6 * warm) * (1 - 0.3 * level)
    ch4 = np.exp(0.5 * warm) * np.tanh(level + 0.5)
    le = 0.9 * sun + 0.5 * wind * np.maximum(temp, 0)
    f = np.stack([co2, ch4, le], 1) + 0.1 * rng.normal(size=(len(w), 3))
    return (f - f.mean(0)) / f.std(0)


class WeekWindows(Dataset):
    def __init__(self, w, f, start, stop):
        self.w = torch.tensor(w, dtype=torch.float32)
        self.f = torch.tensor(f, dtype=torch.float32)
        self.days = list(range(max(start, 7), stop))

    def __len__(self):
        return len(self.days)

    def __getitem__(self, i):
        d = self.days[i]
        return self.w[d - 6:d + 1].flatten(), self.f[d]


class FluxNet(nn.Module):
    def __init__(self, hidden=48):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(28, hidden), nn.ELU(), nn.Linear(hidden, hidden), nn.ELU())
        head = nn.Sequential(nn.Linear(hidden, 16), nn.ELU(), nn.Linear(16, 1))
        self.heads = nn.ModuleDict({name: head for name in FLUXES})

    def forward(self, x):
        z = self.shared(x)
        return torch.cat([self.heads[name](z) for name in FLUXES], dim=1)


rng = np.random.default_rng(14)
weather = make_weather(3300, rng)
fluxes = make_fluxes(weather, rng)
train = DataLoader(WeekWindows(weather, fluxes, 0, 2500), batch_size=64, shuffle=True)
test = DataLoader(WeekWindows(weather, fluxes, 2507, 3300), batch_size=256)

net = FluxNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.MultiStepLR(opt, [14, 18], gamma=0.3)
for epoch in range(20):
    net.train()
    fit = 0.0
    for x, f in train:
        loss = ((net(x) - f) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        fit += loss.item() * len(x) / len(train.dataset)
    sched.step()
    if epoch % 4 == 3:
        net.eval()
        with torch.no_grad():
            err = torch.cat([(net(x) - f) ** 2 for x, f in test]).mean(0)
        per = "  ".join(f"{n} {e:.3f}" for n, e in zip(FLUXES, err.tolist()))
        print(f"epoch {epoch + 1}: train {fit:.3f} | {per} | test mse {err.mean():.4f}")
