import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def headway_series(n=2600, seed=8):
    rng = np.random.default_rng(seed)
    s = np.zeros(n)
    for k in range(2, n):
        s[k] = 1.5 * np.tanh(s[k - 1]) - 0.7 * s[k - 2] + 0.3 * rng.standard_normal()
    return (s - s.mean()) / s.std()


def windows(series, lookback=24):
    x = np.lib.stride_tricks.sliding_window_view(series, lookback)[:-1]
    y = series[lookback:]
    return torch.tensor(x.copy(), dtype=torch.float32).unsqueeze(-1), torch.tensor(y, dtype=torch.float32)


class HeadwayGRU(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.rnn = nn.GRU(input_size=1, hidden_size=hidden, batch_first=True)
        self.linear = nn.Linear(hidden, 1)

    def forward(self, x):
        _, h = self.rnn(x)
        return self.linear(h.squeeze(0)).squeeze(-1)


class Forecaster:
    def __init__(self, model, lr, epochs):
        self.model, self.epochs = model, epochs
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        self.criterion = nn.MSELoss()

    def fit(self, loader, val):
        for epoch in range(self.epochs):
            self.model.train()
            self.optimizer.zero_grad()
            epoch_loss = 0.0
            for xb, yb in loader:
                loss = self.criterion(self.model(xb), yb)
                loss.backward()
                self.optimizer.step()
                epoch_loss += loss.item()
            print(f"epoch {epoch}: train mse {epoch_loss / len(loader):.4f}  val mse {self.score(*val):.4f}")

    @torch.no_grad()
    def score(self, x, y):
        self.model.eval()
        return self.criterion(self.model(x), y).item()


torch.manual_seed(1)
series = headway_series()
train_x, train_y = windows(series[:2000])
val_x, val_y = windows(series[2000:])
loader = DataLoader(TensorDataset(train_x, train_y), batch_size=64, shuffle=True)
forecaster = Forecaster(HeadwayGRU(), lr=0.005, epochs=12)
forecaster.fit(loader, (val_x, val_y))
print(f"one-step validation MSE {forecaster.score(val_x, val_y):.4f}")
