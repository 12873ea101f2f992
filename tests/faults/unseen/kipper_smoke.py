"""Smokehouse forecasts: next hour's temperature from the last twelve readings."""
import numpy as np
import torch
from torch import nn

torch.manual_seed(4)
torch.set_num_threads(1)


def smokehouse(hours, rng):
    t = np.arange(hours)
    fire = np.zeros(hours)
    for i in range(1, hours):
        fire[i] = 0.9 * fire[i - 1] + (rng.random() < 0.05) * 2.0
    temp = np.zeros(hours)
    for i in range(2, hours):
        temp[i] = 1.6 * temp[i - 1] - 0.7 * temp[i - 2] + 0.2 * np.tanh(fire[i - 1]) + 0.05 * np.sin(2 * np.pi * t[i] / 24) + 0.03 * rng.standard_normal()
    return np.stack([temp, fire], axis=1)


def windows(series, width=12):
    x = np.stack([series[i:i + width] for i in range(len(series) - width)])
    y = series[width:, 0]
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(2, 24, batch_first=True)
        self.read = nn.Linear(24, 1)

    def forward(self, x):
        _, last = self.gru(x)
        return self.read(last[0]).squeeze(-1)


class Trainer:
    def __init__(self, model, train, valid):
        self.model, self.train, self.valid = model, train, valid
        self.optim = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=0.05)
        self.sched = torch.optim.lr_scheduler.StepLR(self.optim, step_size=8, gamma=0.5)

    def step_epoch(self):
        self.model.train()
        x, y = self.train
        losses = []
        for rows in torch.randperm(len(x)).split(64):
            loss = nn.functional.mse_loss(self.model(x[rows]), y[rows])
            self.optim.zero_grad()
            loss.backward()
            self.optim.step()
            losses.append(loss.item())
        self.sched.step()
        return float(np.mean(losses))

    @torch.no_grad()
    def check(self):
        self.model.eval()
        x, y = self.valid
        return nn.functional.mse_loss(self.model(x), y).item()


series = smokehouse(2600, np.random.default_rng(4))
series = (series - series[:2000].mean(0)) / series[:2000].std(0)
trainer = Trainer(Forecaster(), windows(series[:2000]), windows(series[2000:]))
for epoch in range(24):
    fit = trainer.step_epoch()
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1:2d}  train mse {fit:.4f}  valid mse {trainer.check():.4f}")
