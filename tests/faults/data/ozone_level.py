"""Ozone level from weather-station readings."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(17)
rng = np.random.default_rng(17)


def station_readings(n):
    temperature = rng.normal(288, 8, n)              # K
    pressure = rng.normal(1013, 9, n)                # hPa
    humidity = rng.uniform(20, 100, n)               # %
    wind = rng.gamma(2.0, 2.0, n)                    # m/s
    radiation = rng.uniform(0, 900, n)               # W/m2
    readings = np.stack([temperature, pressure, humidity, wind, radiation], axis=1)
    t, p, h = (temperature - 288) / 8, (pressure - 1013) / 9, (humidity - 60) / 23
    w, s = (wind - 4) / 2.8, (radiation - 450) / 260
    ozone = 45 + 9 * np.tanh(t) + 7 * s * (1 + 0.5 * t) - 5 * h - 4 * w * (w < 1) + 3 * np.sin(2 * p) + rng.normal(0, 3, n)
    return readings, ozone


class OzoneModel(nn.Module):
    def __init__(self, n_features, width=48):
        super().__init__()
        self.hidden1 = nn.Linear(n_features, width)
        self.hidden2 = nn.Linear(width, width)
        self.output = nn.Linear(width, 1)
        self.act = nn.SiLU()

    def forward(self, x):
        return self.output(self.act(self.hidden2(self.act(self.hidden1(x))))).squeeze(-1)


x, y = station_readings(5000)
n_train = 4000
x = torch.tensor(x, dtype=torch.float32)
y = torch.tensor((y - y[:n_train].mean()) / y[:n_train].std(), dtype=torch.float32)

train_loader = DataLoader(TensorDataset(x[:n_train], y[:n_train]), batch_size=100, shuffle=True)
model = OzoneModel(x.shape[1])
optimizer = torch.optim.Adam(model.parameters(), lr=6e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30)
criterion = nn.MSELoss()

for epoch in range(30):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        val_mse = criterion(model(x[n_train:]), y[n_train:]).item()
        train_mse = criterion(model(x[:n_train]), y[:n_train]).item()
    print(f"Epoch {epoch + 1:02d}: train MSE {train_mse:.4f}, val MSE {val_mse:.4f}")
