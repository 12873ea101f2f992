import math

import numpy as np
import torch
import torch.nn as nn

SEED = 101
np.random.seed(SEED)
torch.manual_seed(SEED)

config = {
    "hidden": 32,
    "lr": 0.3,
    "momentum": 0.9,
    "batch_size": 64,
    "max_norm": 0.01,
    "epochs": 15,
}


def make_series(n=6000):
    t = np.arange(n)
    s = np.sin(0.21 * t) + 0.6 * np.sin(0.53 * t + 1.0) + 0.4 * np.sin(0.034 * t) * np.cos(0.31 * t)
    return ((s - s.mean()) / s.std() + np.random.normal(0, 0.1, n)).astype(np.float32)


def windows(series, width=24):
    x = np.stack([series[i:i + width] for i in range(len(series) - width)])
    return torch.from_numpy(x).unsqueeze(-1), torch.from_numpy(series[width:])


series = make_series()
x_train, y_train = windows(series[:4800])
x_valid, y_valid = windows(series[4800:])


class Forecaster(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.linear = nn.Linear(hidden, 1)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        return self.linear(h[-1]).squeeze(-1)


model = Forecaster(config["hidden"])
optimizer = torch.optim.SGD(model.parameters(), lr=config["lr"], momentum=config["momentum"])
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=config["epochs"])
criterion = nn.MSELoss()

n_batches = math.ceil(len(x_train) / config["batch_size"])
for epoch in range(config["epochs"]):
    model.train()
    epoch_loss = 0.0
    for idx in torch.randperm(len(x_train)).chunk(n_batches):
        optimizer.zero_grad()
        loss = criterion(model(x_train[idx]), y_train[idx])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), config["max_norm"])
        optimizer.step()
        epoch_loss += loss.item() / n_batches
    scheduler.step()
    model.eval()
    with torch.no_grad():
        valid_loss = criterion(model(x_valid), y_valid).item()
    print(f"epoch {epoch + 1:02d} train {epoch_loss:.5f} valid {valid_loss:.5f}")

print(f"one-step forecast MSE {valid_loss:.5f}")
