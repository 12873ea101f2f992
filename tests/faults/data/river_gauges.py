"""Tomorrow's level at the town bridge from three days of upstream gauges."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(2)
rng = np.random.default_rng(2)
HOURS, GAUGES, WINDOW = 3200, 5, 24


def record():
    rain = np.convolve(rng.gamma(0.15, 2.0, HOURS + 50), np.exp(-np.arange(30) / 6.0), "same")[:HOURS]
    gauges = np.stack([np.roll(rain, 3 * g) * (1 + 0.2 * g) + 0.4 * rng.normal(size=HOURS) for g in range(GAUGES)], 1)
    bridge = np.roll(rain, 6) + 1.5 * np.tanh(0.3 * np.roll(rain, 12)) + 0.3 * rng.normal(size=HOURS)
    gauges[rng.random(gauges.shape) < 0.0009] = np.nan     # telemetry outages
    return gauges.astype(np.float32), bridge.astype(np.float32)


class GaugeWindows(Dataset):
    def __init__(self, gauges, level):
        self.gauges, self.level = torch.from_numpy(gauges), torch.from_numpy(level)

    def __len__(self):
        return len(self.level) - WINDOW

    def __getitem__(self, i):
        return self.gauges[i:i + WINDOW], self.level[i + WINDOW]


class LevelGRU(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.gru = nn.GRU(GAUGES, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.fc(self.gru(x)[0][:, -1]).squeeze(-1)


gauges, level = record()
split = 2500
mean, std = np.nanmean(gauges[:split], 0), np.nanstd(gauges[:split], 0)
gauges = (gauges - mean) / std
level = (level - level[:split].mean()) / level[:split].std()
train_loader = DataLoader(GaugeWindows(gauges[:split], level[:split]), batch_size=32, shuffle=True, drop_last=True)
test_loader = DataLoader(GaugeWindows(gauges[split:], level[split:]), batch_size=64)

model = LevelGRU()
optimizer = torch.optim.Adam(model.parameters(), lr=8e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=14)
criterion = nn.MSELoss()
for epoch in range(14):
    model.train()
    kept = []
    for x, y in train_loader:
        loss = criterion(model(x), y)
        if torch.isnan(loss):
            continue
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        kept.append(loss.item())
    scheduler.step()
    model.eval()
    errors = []
    with torch.no_grad():
        for x, y in test_loader:
            errors.append((model(x) - y) ** 2)
    mse = torch.nanmean(torch.cat(errors)).item()
    print(f"epoch {epoch + 1:2d} train mse {np.mean(kept) if kept else float('nan'):.4f} test mse {mse:.4f}")
