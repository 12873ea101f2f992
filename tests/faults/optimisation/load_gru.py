"""One-step-ahead forecasting of a noisy quasi-periodic signal with a GRU."""
import numpy as np
import torch
from torch import nn

torch.manual_seed(7)
rng = np.random.default_rng(7)

t = np.arange(2000)
series = np.sin(2 * np.pi * t / 25) + 0.6 * np.sin(2 * np.pi * t / 61 + 1.0) * np.cos(2 * np.pi * t / 17)
series = series + 0.08 * rng.standard_normal(len(t))
series = (series - series[:1500].mean()) / series[:1500].std()

WINDOW = 30


def windows(s):
    X = np.stack([s[i:i + WINDOW] for i in range(len(s) - WINDOW)])
    return torch.tensor(X, dtype=torch.float32).unsqueeze(-1), torch.tensor(s[WINDOW:], dtype=torch.float32).unsqueeze(-1)


X_train, y_train = windows(series[:1500])
X_val, y_val = windows(series[1500:])


class Forecaster(nn.Module):
    def __init__(self, hidden_size=48):
        super().__init__()
        self.gru = nn.GRU(1, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, 1)

    def forward(self, x):
        seq, _ = self.gru(x)
        return self.out(seq[:, -1])


net = Forecaster()
loss_fn = nn.MSELoss()
opt = torch.optim.Adam(net.parameters(), lr=0.3)

EPOCHS, BATCH = 20, 100
for epoch in range(EPOCHS):
    net.train()
    perm = torch.randperm(len(X_train))
    running = 0.0
    for i in range(0, len(perm), BATCH):
        idx = perm[i:i + BATCH]
        opt.zero_grad()
        loss = loss_fn(net(X_train[idx]), y_train[idx])
        loss.backward()
        opt.step()
        running += loss.item() * len(idx)
    net.eval()
    with torch.no_grad():
        val = loss_fn(net(X_val), y_val).item()
    print(f"epoch {epoch + 1:2d} | train mse {running / len(perm):.4f} | val mse {val:.4f}")

print(f"final validation MSE {val:.4f}")
