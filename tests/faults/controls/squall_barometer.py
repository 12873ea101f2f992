"""One-step forecast of the pressure drop at eight buoys: stateful GRU, read in order of time, 25 hours a chunk."""
import numpy as np
import torch
import torch.nn as nn


def buoys(hours, count=24, seed=31):
    rng = np.random.default_rng(seed)
    p = np.zeros((hours, count))
    wind = np.zeros((hours, count))
    phase = rng.uniform(0, 2 * np.pi, count)
    for t in range(2, hours):
        p[t] = 1.55 * p[t - 1] - 0.68 * p[t - 2] + 0.35 * np.tanh(wind[t - 1]) + rng.normal(0, 0.3, count)
        wind[t] = 0.8 * wind[t - 1] - 0.25 * p[t - 1] + rng.normal(0, 0.3, count)
    tide = 0.5 * np.sin(2 * np.pi * np.arange(hours)[:, None] / 12.4 + phase)
    return np.stack([p + tide, wind], axis=2)


class Forecaster(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.gru = nn.GRU(2, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x, h=None):
        z, h = self.gru(x, h)
        return self.out(z).squeeze(-1), h


def main():
    torch.manual_seed(31)
    series = buoys(850)
    split, chunk = 650, 25
    mean, std = series[:split].mean((0, 1)), series[:split].std((0, 1))
    series = torch.tensor((series - mean) / std, dtype=torch.float32)
    x, y = series[:-1], series[1:, :, 0]
    model = Forecaster()
    opt = torch.optim.Adam(model.parameters(), lr=5e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
    mse = nn.MSELoss()
    for epoch in range(12):
        model.train()
        h, losses = None, []
        for t in range(0, split, chunk):
            guess, h = model(x[t:t + chunk], h)
            loss = mse(guess, y[t:t + chunk])
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 2.0)
            opt.step()
            h = h.detach()               # keep the weather, drop the graph
            losses.append(loss.item())
        sched.step()
        model.eval()
        with torch.no_grad():
            _, h = model(x[:split])
            test = mse(model(x[split:], h)[0], y[split:]).item()
        print(f"epoch {epoch + 1:2d}  train {sum(losses) / len(losses):.4f}  test {test:.4f}")
    still = mse(x[split:, :, 0], y[split:]).item()
    print(f"persistence {still:.4f}")
    print(f"test mse {test:.4f}")


if __name__ == "__main__":
    main()
