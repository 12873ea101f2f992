"""Next-hour water level in a lagoon from two days of tide, wind and pressure (LSTM)."""
import math

import torch
import torch.nn as nn

torch.manual_seed(9)
WINDOW = 24


def simulate(hours):
    t = torch.arange(hours, dtype=torch.float32)
    moon = torch.sin(2 * math.pi * t / 12.42) * (1 + 0.3 * torch.sin(2 * math.pi * t / 354))
    wind = torch.zeros(hours)
    for i in range(1, hours):
        wind[i] = 0.93 * wind[i - 1] + 0.35 * torch.randn(1).item()
    level = torch.zeros(hours)
    for i in range(2, hours):
        level[i] = 0.55 * level[i - 1] + 0.45 * moon[i - 2] + 0.25 * torch.tanh(wind[i - 1]) + 0.05 * torch.randn(1).item()
    return torch.stack([level, moon, wind], dim=1)


def windows(series):
    x = torch.stack([series[i:i + WINDOW] for i in range(len(series) - WINDOW)])
    return x, series[WINDOW:, 0]


class LevelLSTM(nn.Module):
    def __init__(self, n_in=3, hidden=32):
        super().__init__()
        self.lstm = nn.LSTM(n_in, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        h, _ = self.lstm(x)
        return self.head(h[:, -1]).squeeze(1)


series = simulate(3600)
mu, sd = series[:2800].mean(0), series[:2800].std(0)
series = (series - mu) / sd
x_train, y_train = windows(series[:2800])
x_test, y_test = windows(series[2800:])

net = LevelLSTM()
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
EPOCHS = 14
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EPOCHS)
mse = nn.MSELoss()

for epoch in range(EPOCHS):
    net.train()
    total = 0.0
    for idx in torch.randperm(len(x_train)).split(32):
        opt.zero_grad()
        loss = mse(net(x_train[idx]), y_train[idx])
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), max_norm=0.005)
        opt.step()
        total += loss.item() * len(idx)
    sched.step()
    net.eval()
    with torch.no_grad():
        held = mse(net(x_test), y_test).item()
    print(f"epoch {epoch + 1:2d}/{EPOCHS}  train {total / len(x_train):.4f}  held-out {held:.4f}")

print(f"held-out rmse, in standard deviations: {held ** 0.5:.4f}")
