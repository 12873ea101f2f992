"""Estimate how much water stands in a catchment after an hour of gauge readings."""
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Config:
    steps: int = 30
    gauges: int = 4
    hidden: int = 32
    train_size: int = 1536
    test_size: int = 512
    batch: int = 64
    epochs: int = 16
    lr: float = 3e-3
    seed: int = 314


def simulate(cfg, count, generator):
    base = torch.rand(count, 1, cfg.gauges, generator=generator)
    bursts = (torch.rand(count, cfg.steps, cfg.gauges, generator=generator) < 0.12).float()
    size = -torch.log(torch.rand(count, cfg.steps, cfg.gauges, generator=generator) + 1e-6)
    rain = 0.2 * base + bursts * size
    weight = torch.tensor([1.0, 0.6, 0.3, 0.8])
    level = torch.zeros(count)
    for t in range(cfg.steps):
        level = 0.95 * level + (rain[:, t] * weight).sum(1)
        level = level - 0.06 * torch.relu(level - 4.0)
    rain = rain + 0.05 * torch.randn(rain.shape, generator=generator)
    return rain, level.unsqueeze(1) + 0.15 * torch.randn(count, 1, generator=generator)


class StoreCell(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden = hidden
        self.inflow = nn.Linear(inputs, hidden)
        self.mix = nn.Linear(hidden, hidden)

    def forward(self, series):
        h = series.new_zeros(series.shape[0], self.hidden)
        for t in range(series.shape[1]):
            h = h + torch.relu(self.inflow(series[:, t]) + self.mix(h))
        return h


class LevelModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.store = StoreCell(cfg.gauges, cfg.hidden)
        self.readout = nn.Sequential(nn.Linear(cfg.hidden, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, series):
        return self.readout(self.store(series))


def main(cfg):
    torch.manual_seed(cfg.seed)
    generator = torch.Generator().manual_seed(cfg.seed)
    rain, level = simulate(cfg, cfg.train_size, generator)
    rain_test, level_test = simulate(cfg, cfg.test_size, generator)
    rain_mean, rain_std = rain.mean((0, 1)), rain.std((0, 1))
    mean, std = level.mean(), level.std()
    rain, rain_test = (rain - rain_mean) / rain_std, (rain_test - rain_mean) / rain_std
    level, level_test = (level - mean) / std, (level_test - mean) / std

    model = LevelModel(cfg)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, cfg.epochs)
    loss_fn = nn.SmoothL1Loss()
    for epoch in range(cfg.epochs):
        model.train()
        total = 0.0
        for rows in torch.randperm(cfg.train_size, generator=generator).split(cfg.batch):
            optimizer.zero_grad()
            loss = loss_fn(model(rain[rows]), level[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        schedule.step()
        model.eval()
        with torch.no_grad():
            guess = model(rain_test)
            test_loss = loss_fn(guess, level_test).item()
        print(f"epoch {epoch + 1:2d} | train {total / cfg.train_size:.5f} | test {test_loss:.5f}")
    error = ((guess - level_test) * std).abs().mean().item()
    print(f"spread of levels {(level_test * std).std().item():.3f}")
    print(f"mean abs error: {error:.4f}")


if __name__ == "__main__":
    main(Config())
