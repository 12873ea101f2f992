"""Passengers per quarter of an hour on a tram line: one step ahead from the last 32 values."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(50)
gen = np.random.default_rng(50)


def passengers(n=3000):
    t = np.arange(n)
    day = np.sin(2 * np.pi * t / 72) + 0.5 * np.sin(4 * np.pi * t / 72 + 1)
    noise = np.zeros(n)
    for i in range(1, n):
        noise[i] = 0.7 * noise[i - 1] + gen.normal(0, 0.3)
    return 200 + 80 * day * (1 + 0.2 * np.sin(2 * np.pi * t / 504)) + 40 * noise


def windows(values, size):
    x = np.lib.stride_tricks.sliding_window_view(values[:-1], size)
    return torch.tensor(x.copy(), dtype=torch.float32).unsqueeze(-1), torch.tensor(values[size:], dtype=torch.float32)


class Forecaster(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.linear = nn.Linear(hidden, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.linear(out[:, -1]).squeeze(-1)


series = passengers()
cut = 2400
series = (series - series[:cut].mean()) / series[:cut].std()
train_data = TensorDataset(*windows(series[:cut], 32))
val_data = TensorDataset(*windows(series[cut:], 32))
train_loader = DataLoader(train_data, batch_size=32, shuffle=True)
val_loader = DataLoader(val_data, batch_size=32)


def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    running_loss = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        running_loss += loss.item() * x.size(0)
    return running_loss / len(loader.dataset)


def evaluate(model, loader, criterion):
    model.eval()
    total = 0.0
    with torch.no_grad():
        for x, y in loader:
            loss = criterion(model(x), y)
            total += loss.item()
    return total / len(loader.dataset)


model = Forecaster()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.4)
for epoch in range(8):
    train_loss = train_one_epoch(model, train_loader, criterion, optimizer)
    val_loss = evaluate(model, val_loader, criterion)
    scheduler.step()
    print(f"Epoch {epoch + 1}: train loss {train_loss:.5f}, val loss {val_loss:.5f}")
print(f"Final validation MSE: {val_loss:.5f}")
