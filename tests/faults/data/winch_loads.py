"""Classify what a harbour winch is doing (idle, hoist, lower, snag) from its two load cells.

The logger writes signed 12 bit converter codes at 20 Hz; a window is 30 readings.
"""
from dataclasses import dataclass
import torch
import torch.nn as nn


@dataclass
class Config:
    windows: int = 3200
    steps: int = 30
    hidden: int = 32
    lr: float = 4e-3
    batch: int = 64
    epochs: int = 10
    seed: int = 77


MODES = ("idle", "hoist", "lower", "snag")


def record(cfg):
    """Converter codes of the fore and the aft cell, and the mode of each window."""
    g = torch.Generator().manual_seed(cfg.seed)
    mode = torch.randint(0, 4, (cfg.windows,), generator=g)
    t = torch.linspace(0, 1, cfg.steps)
    slope = torch.tensor([0.0, 1.0, -1.0, 0.0])[mode][:, None] * (0.8 + 0.5 * torch.rand(cfg.windows, 1, generator=g))
    snag = (mode == 3).float()[:, None]
    when = 0.25 + 0.5 * torch.rand(cfg.windows, 1, generator=g)
    kick = snag * 2.2 * torch.exp(-((t - when) / 0.06) ** 2)
    swing = 0.5 * torch.sin(6.28 * (t * 2.2 + torch.rand(cfg.windows, 1, generator=g)))
    fore = slope * (t - 0.5) + kick + swing
    aft = 0.6 * slope * (t - 0.5) - 0.5 * kick - swing
    volts = torch.stack([fore, aft], dim=-1) + 0.35 * torch.randn(cfg.windows, cfg.steps, 2, generator=g)
    codes = 1310.0 + 85.0 * volts * torch.tensor([1.0, 1.3])
    return codes.round(), mode


class WinchGRU(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.rnn = nn.GRU(2, hidden, batch_first=True)
        self.head = nn.Linear(2 * hidden, len(MODES))

    def forward(self, x):
        states, _ = self.rnn(x)
        return self.head(torch.cat([states.mean(1), states[:, -1]], dim=1))


def prepare(codes, n_train):
    cell_gain = codes[:n_train].std(dim=(0, 1))
    return codes / cell_gain


def run(cfg):
    torch.manual_seed(cfg.seed)
    codes, mode = record(cfg)
    n_train = int(0.75 * cfg.windows)
    x = prepare(codes, n_train)
    model = WinchGRU(cfg.hidden)
    opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    per_epoch = n_train // cfg.batch
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, cfg.lr, total_steps=cfg.epochs * per_epoch)
    for epoch in range(cfg.epochs):
        order = torch.randperm(n_train)
        total = 0.0
        for k in range(per_epoch):
            idx = order[k * cfg.batch:(k + 1) * cfg.batch]
            loss = nn.functional.cross_entropy(model(x[idx]), mode[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            total += loss.item()
        with torch.no_grad():
            out = model(x[n_train:])
            acc = (out.argmax(1) == mode[n_train:]).float().mean().item()
        print(f"{epoch + 1:>3}/{cfg.epochs}  xent {total / per_epoch:.3f}  held-out acc {acc:.3f}")
    return acc


if __name__ == "__main__":
    cfg = Config()
    print(cfg)
    final = run(cfg)
    print(f"done: held-out acc {final:.4f}")
