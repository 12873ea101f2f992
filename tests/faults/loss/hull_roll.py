"""Estimate the roll angle of a hull from six inclinometer traces."""
from dataclasses import dataclass
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    hidden: int = 48
    lr: float = 2e-3
    batch: int = 100
    epochs: int = 25
    n_train: int = 3000
    n_test: int = 600
    seed: int = 5


class RollNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.conv1 = nn.Conv1d(6, 24, 5, stride=2)
        self.conv2 = nn.Conv1d(24, cfg.hidden, 5, stride=2)
        self.fc = nn.Linear(cfg.hidden, cfg.hidden)
        self.out = nn.Linear(cfg.hidden, 1)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x)).mean(dim=2)
        x = F.relu(self.fc(x))
        return F.relu(self.out(x)).squeeze(1)


def simulate(n, gen):
    t = torch.linspace(0, 1, 40)
    roll = (torch.rand(n, generator=gen) * 2 - 1) * 25 * math.pi / 180
    gains = torch.tensor([1.0, -1.0, 0.5, -0.7, 0.9, 0.3])
    phase = torch.rand(n, 6, 1, generator=gen) * 2 * math.pi
    trace = torch.sin(roll[:, None] * gains * 2)[:, :, None] + 0.3 * torch.sin(8 * math.pi * t + phase)
    trace = trace + 0.5 * torch.randn(n, 6, 40, generator=gen)
    return trace, roll


def train(cfg):
    gen = torch.Generator().manual_seed(cfg.seed)
    torch.manual_seed(cfg.seed)
    x, y = simulate(cfg.n_train + cfg.n_test, gen)
    tr = slice(0, cfg.n_train)
    x = (x - x[tr].mean((0, 2), keepdim=True)) / x[tr].std((0, 2), keepdim=True)
    y = (y - y[tr].mean()) / y[tr].std()
    x_test, y_test = x[cfg.n_train:], y[cfg.n_train:]
    x, y = x[tr], y[tr]
    model = RollNet(cfg)
    opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=1e-3)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, cfg.lr, total_steps=cfg.epochs * (cfg.n_train // cfg.batch))
    for epoch in range(cfg.epochs):
        model.train()
        order = torch.randperm(cfg.n_train)
        running = 0.0
        for idx in order.split(cfg.batch):
            loss = F.smooth_l1_loss(model(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            running += loss.item()
        model.eval()
        with torch.no_grad():
            pred = model(x_test)
            r2 = 1 - ((pred - y_test) ** 2).mean() / y_test.var(unbiased=False)
        if epoch % 5 == 4:
            print(f"epoch {epoch + 1}: train {running / (cfg.n_train // cfg.batch):.4f}  test R2 {r2:.4f}")


if __name__ == "__main__":
    train(Config())
