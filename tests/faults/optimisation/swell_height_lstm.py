"""Significant wave height six hours ahead from buoy history (synthetic)."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def make_series(n, seed):
    r = np.random.default_rng(seed)
    x = np.zeros(n)
    wind = np.zeros(n)
    for t in range(2, n):
        wind[t] = 0.9 * wind[t - 1] + 0.4 * r.standard_normal()
        x[t] = 1.5 * x[t - 1] - 0.6 * x[t - 2] + 0.15 * np.tanh(2 * wind[t - 1]) + 0.03 * r.standard_normal()
    return np.stack([x, wind], 1)


def windows(series, width=24, ahead=3):
    xs, ys = [], []
    for s in range(0, len(series) - width - ahead, 2):
        xs.append(series[s:s + width])
        ys.append(series[s + width + ahead - 1, 0])
    return torch.tensor(np.array(xs), dtype=torch.float32), torch.tensor(np.array(ys), dtype=torch.float32)


class SwellNet(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.lstm = nn.LSTM(2, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out[:, -1]).squeeze(-1)


class Trainer:
    def __init__(self, model, train_dl, test_x, test_y, lr=4e-3):
        self.model, self.train_dl = model, train_dl
        self.test_x, self.test_y = test_x, test_y
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)
        self.sched = torch.optim.lr_scheduler.StepLR(self.opt, step_size=5, gamma=0.5)
        self.loss = nn.MSELoss()

    def fit(self, epochs):
        for epoch in range(epochs):
            self.model.train()
            total = 0.0
            for xb, yb in self.train_dl:
                loss = self.loss(self.model(xb), yb)
                loss.backward()
                self.opt.step()
                total += loss.item() * len(xb)
            self.sched.step()
            print(f"epoch {epoch + 1:2d} | train {total / len(self.train_dl.dataset):.4f} | test {self.test():.4f}")

    @torch.no_grad()
    def test(self):
        self.model.eval()
        return self.loss(self.model(self.test_x), self.test_y).item()


torch.manual_seed(0)
train, test = make_series(5000, 1), make_series(1500, 2)
mean, std = train.mean(0), train.std(0)
train_x, train_y = windows((train - mean) / std)
test_x, test_y = windows((test - mean) / std)
train_dl = DataLoader(TensorDataset(train_x, train_y), batch_size=32, shuffle=True)

trainer = Trainer(SwellNet(), train_dl, test_x, test_y)
trainer.fit(14)
print(f"test MSE {trainer.test():.4f}")
