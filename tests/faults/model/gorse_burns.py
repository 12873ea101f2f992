# Heat released by a gorse fire (per metre of front) from weather and fuel readings.
# A small hand-written layer keeps the hidden units sparse, so that single units can be read off.
import numpy as np
import torch
import torch.nn as nn
from sklearn.preprocessing import StandardScaler

torch.manual_seed(12)
rng = np.random.default_rng(12)


def burns(n):
    wind = rng.gamma(3, 4, n)
    moisture = rng.uniform(8, 35, n)
    height = rng.uniform(0.4, 2.8, n)
    slope = rng.normal(0, 9, n)
    humidity = rng.uniform(25, 95, n)
    age = rng.uniform(2, 25, n)
    dead = np.clip(age / 30 + rng.normal(0, 0.08, n), 0, 1)
    heat = (1.1 * np.log1p(wind) * (0.5 + dead) * height ** 0.6 * np.exp(-0.035 * moisture)
            + 0.02 * np.maximum(slope, 0) - 0.004 * humidity + rng.normal(0, 0.06, n))
    return np.column_stack([wind, moisture, height, slope, humidity, age, dead]), heat[:, None]


class SparseLayer(nn.Module):
    def __init__(self, n_in, n_out, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in) * (2.0 / n_in) ** 0.5)
        self.bias = nn.Parameter(torch.full((n_out,), bias))

    def forward(self, x):
        return torch.relu(x @ self.weight.t() + self.bias)


class HeatModel(nn.Module):
    def __init__(self, features, hidden=40, bias=-5.0):
        super().__init__()
        self.first = SparseLayer(features, hidden, bias)
        self.second = SparseLayer(hidden, 24, 0.0)
        self.out = nn.Linear(24, 1)

    def forward(self, x):
        return self.out(self.second(self.first(x)))


x_raw, y_raw = burns(3600)
cut = 2900
sx, sy = StandardScaler().fit(x_raw[:cut]), StandardScaler().fit(y_raw[:cut])
x = torch.tensor(sx.transform(x_raw), dtype=torch.float32)
y = torch.tensor(sy.transform(y_raw), dtype=torch.float32)
x_train, y_train, x_test, y_test = x[:cut], y[:cut], x[cut:], y[cut:]

model = HeatModel(x.shape[1])
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 14)

for epoch in range(14):
    model.train()
    running = 0.0
    for idx in torch.randperm(cut).split(50):
        loss = criterion(model(x_train[idx]), y_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.item() * len(idx)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        test = criterion(model(x_test), y_test).item()
    print(f"epoch {epoch + 1:02d}  train mse {running / cut:.4f}  test mse {test:.4f}")

print(f"R^2 = {1 - test / y_test.var(unbiased=False).item():.4f}")
