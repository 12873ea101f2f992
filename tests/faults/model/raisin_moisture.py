"""Final moisture of a raisin tray from its hourly drying record, with a small recurrent cell."""
import numpy as np
import torch
import torch.nn as nn

SEED = 4
HOURS = 24
UNITS = 40


def simulate_trays(count, rng):
    fruit = rng.normal(0, 1, count)                      # initial water, measured in the first hours only
    sun = np.clip(rng.normal(0, 1, (count, HOURS)) * 0.6 + rng.normal(0, 0.8, (count, 1)), -2.5, 2.5)
    wind = rng.normal(0, 1, (count, HOURS))
    probe = np.zeros((count, HOURS))
    probe[:, :3] = fruit[:, None] + 0.15 * rng.normal(0, 1, (count, 3))
    early = sun[:, :10].mean(1)
    late = (sun * wind)[:, -6:].mean(1)
    moisture = 1.2 * fruit - 0.8 * early + 0.8 * late + 0.15 * rng.normal(0, 1, count)
    series = np.stack([sun, wind, probe], axis=2)
    return torch.tensor(series, dtype=torch.float32), torch.tensor(moisture, dtype=torch.float32)


class DryingCell(nn.Module):
    def __init__(self, inputs, units):
        super().__init__()
        self.w_in = nn.Parameter(torch.empty(units, inputs))
        self.w_rec = nn.Parameter(torch.empty(units, units))
        self.bias = nn.Parameter(torch.zeros(units))
        nn.init.xavier_uniform_(self.w_in)
        nn.init.normal_(self.w_rec, std=0.04)

    def forward(self, x, h):
        return torch.tanh(x @ self.w_in.t() + h @ self.w_rec.t() + self.bias)


class MoistureNet(nn.Module):
    def __init__(self, units=UNITS):
        super().__init__()
        self.cell = DryingCell(3, units)
        self.read = nn.Sequential(nn.Linear(units, 32), nn.ReLU(), nn.Linear(32, 1))
        self.units = units

    def forward(self, series):
        h = series.new_zeros(series.shape[0], self.units)
        for t in range(series.shape[1]):
            h = self.cell(series[:, t], h)
        return self.read(h).squeeze(-1)


def batches(x, y, size, gen):
    for idx in torch.randperm(len(y), generator=gen).split(size):
        yield x[idx], y[idx]


def r_squared(model, x, y):
    model.eval()
    with torch.no_grad():
        error = model(x) - y
    return 1 - (error.pow(2).sum() / (y - y.mean()).pow(2).sum()).item()


torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)
x_train, y_train = simulate_trays(6000, rng)
x_test, y_test = simulate_trays(1000, rng)
scale = y_train.std()
y_train, y_test = y_train / scale, y_test / scale

model = MoistureNet()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [8, 10], gamma=0.3)
shuffle = torch.Generator().manual_seed(SEED)

for epoch in range(12):
    model.train()
    squared = 0.0
    for xb, yb in batches(x_train, y_train, 60, shuffle):
        loss = nn.functional.mse_loss(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        squared += loss.item() * len(yb)
    scheduler.step()
    print("epoch %2d  mse %.4f  test R2 %.4f" % (epoch, squared / len(y_train), r_squared(model, x_test, y_test)))

print("moisture R2: %.4f" % r_squared(model, x_test, y_test))
