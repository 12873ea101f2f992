"""Next-day surface temperature of a lake, in kelvin, from the last 30 days of anomalies."""
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def lake(n_days=3000, seed=9):
    rng = np.random.default_rng(seed)
    day = np.arange(n_days)
    season = 9.0 * np.sin(2 * np.pi * day / 365.25)
    weather = np.zeros(n_days)
    for d in range(1, n_days):
        weather[d] = 0.9 * weather[d - 1] + rng.normal(0, 0.8)
    return 284.0 + season + weather


class TempCNN(nn.Module):
    def __init__(self, channels=16):
        super().__init__()
        self.conv1 = nn.Conv1d(1, channels, 5)
        self.conv2 = nn.Conv1d(channels, channels, 5)
        self.fc = nn.Linear(channels * 22, 1)

    def forward(self, x):
        x = torch.tanh(self.conv1(x))
        x = torch.tanh(self.conv2(x))
        return self.fc(x.flatten(1)).squeeze(1)


def windows(kelvin, width=30):
    anomaly = (kelvin - 284.0) / 6.7
    x = np.lib.stride_tricks.sliding_window_view(anomaly, width)[:-1]
    y = kelvin[width:]
    return torch.tensor(x.copy(), dtype=torch.float32).unsqueeze(1), torch.tensor(y, dtype=torch.float32)


def fit(model, x, y, x_val, y_val, epochs=15, batch_size=64):
    optimizer = torch.optim.AdamW(model.parameters(), lr=6e-3, weight_decay=1e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for epoch in range(epochs):
        model.train()
        for idx in torch.randperm(len(x)).split(batch_size):
            optimizer.zero_grad()
            loss = F.mse_loss(model(x[idx]), y[idx])
            loss.backward()
            optimizer.step()
        scheduler.step()
        model.eval()
        with torch.no_grad():
            pred = model(x_val)
            residual = (pred - y_val).pow(2).mean() / y_val.var()
        print(f"epoch {epoch}  last batch loss {loss.item():.4f}  unexplained variance {residual.item():.4f}")


if __name__ == "__main__":
    torch.manual_seed(9)
    kelvin = lake()
    x_tr, y_tr = windows(kelvin[:2400])
    x_va, y_va = windows(kelvin[2400:])
    fit(TempCNN(), x_tr, y_tr, x_va, y_va)
