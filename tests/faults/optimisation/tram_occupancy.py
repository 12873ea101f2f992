import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

WINDOW = 24


def occupancy_series(hours=6000, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(hours)
    daily = 1.2 * np.exp(-0.5 * ((t % 24 - 8) / 1.6) ** 2) + np.exp(-0.5 * ((t % 24 - 17) / 2.2) ** 2)
    weekend = np.where((t // 24) % 7 >= 5, 0.6, 1.0)
    weather = np.zeros(hours)
    for i in range(1, hours):
        weather[i] = 0.9 * weather[i - 1] + rng.normal(0, 0.12)
    return (daily * weekend + weather + 0.08 * rng.normal(size=hours)).astype(np.float32)


def windows(series):
    x = np.lib.stride_tricks.sliding_window_view(series, WINDOW)[:-1]
    return TensorDataset(torch.tensor(x.copy()), torch.tensor(series[WINDOW:]))


class Forecaster(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.fc1 = nn.Linear(WINDOW, hidden)
        self.fc2 = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.fc2(torch.tanh(self.fc1(x))).squeeze(-1)


def fit(model, train, test, epochs=30, lr=0.03, max_norm=0.003):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [20, 26], gamma=0.3)
    for epoch in range(epochs):
        model.train()
        losses = []
        for x, y in train:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        test_mse = evaluate(model, test)
        if epoch % 3 == 2:
            print(f"epoch {epoch + 1:2d}  train {np.mean(losses):.4f}  test {test_mse:.4f}")
    return test_mse


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    err = torch.cat([(model(x) - y) ** 2 for x, y in loader])
    return err.mean().item()


torch.manual_seed(6)
series = occupancy_series()
cut = 4800
mean, std = series[:cut].mean(), series[:cut].std()
series = (series - mean) / std
train = DataLoader(windows(series[:cut]), batch_size=64, shuffle=True)
test = DataLoader(windows(series[cut:]), batch_size=512)
final = fit(Forecaster(), train, test)
print(f"one-step-ahead test MSE: {final:.4f}")
