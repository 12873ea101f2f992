"""Forecast tomorrow's kelp cover from three weeks of water readings."""
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F


def simulate(days, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(days)
    tide = np.sin(2 * np.pi * t / 14.77)
    temp = np.zeros(days)
    kelp = np.zeros(days)
    for i in range(1, days):
        temp[i] = 0.9 * temp[i - 1] + rng.normal(0, 0.4)
        kelp[i] = 0.6 * kelp[i - 1] + 0.5 * tide[i - 1] * np.tanh(temp[i - 1]) - 0.3 * temp[i - 3] + rng.normal(0, 0.12)
    data = np.stack([tide, temp, kelp], 1).astype(np.float32)
    return (data - data.mean(0)) / data.std(0)


def windows(data, length=21):
    x = np.stack([data[i:i + length] for i in range(len(data) - length)])
    return torch.from_numpy(x), torch.from_numpy(data[length:, 2].copy())


class Forecaster(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.rnn = nn.GRU(3, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        h, _ = self.rnn(x)
        return self.out(h[:, -1]).squeeze(-1)


class Trainer:
    def __init__(self, model, epochs=12, lr=4e-3, decay=6.0):
        self.model, self.epochs = model, epochs
        self.opt = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=decay)
        self.sched = torch.optim.lr_scheduler.LambdaLR(self.opt, lambda e: max(0.05, 1 - e / epochs))

    def fit(self, train, val):
        x, y = train
        for epoch in range(self.epochs):
            self.model.train()
            losses = []
            for idx in torch.randperm(len(x)).split(64):
                loss = F.mse_loss(self.model(x[idx]), y[idx])
                self.opt.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                self.opt.step()
                losses.append(loss.item())
            self.sched.step()
            print(f"epoch {epoch:2d}  train {np.mean(losses):.4f}  val {self.score(*val):.4f}")

    @torch.no_grad()
    def score(self, x, y):
        self.model.eval()
        return F.mse_loss(self.model(x), y).item()


if __name__ == "__main__":
    torch.manual_seed(8)
    x, y = windows(simulate(4000, 8))
    trainer = Trainer(Forecaster())
    trainer.fit((x[:3200], y[:3200]), (x[3200:], y[3200:]))
    print("final val mse: %.4f" % trainer.score(x[3200:], y[3200:]))
