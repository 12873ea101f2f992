"""Fit a small SIREN to a synthetic relief map and report PSNR on pixels held out from the fit."""
import math
from dataclasses import dataclass
import torch
from torch import nn


@dataclass
class Config:
    size: int = 48
    hidden: int = 64
    depth: int = 3
    omega: float = 12.0
    lr: float = 4e-2
    steps: int = 600
    batch: int = 512
    seed: int = 3


class Sine(nn.Module):
    def __init__(self, fan_in, fan_out, omega, first=False):
        super().__init__()
        self.omega = omega
        self.linear = nn.Linear(fan_in, fan_out)
        bound = 1 / fan_in if first else math.sqrt(6 / fan_in) / omega
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x):
        return torch.sin(self.omega * self.linear(x))


class Siren(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        layers = [Sine(2, cfg.hidden, cfg.omega, first=True)]
        layers += [Sine(cfg.hidden, cfg.hidden, cfg.omega) for _ in range(cfg.depth - 1)]
        self.layers = nn.Sequential(*layers)
        self.out = nn.Linear(cfg.hidden, 1)

    def forward(self, xy):
        return self.out(self.layers(xy)).squeeze(-1)


def relief(size):
    axis = torch.linspace(-1, 1, size)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    z = torch.sin(5 * x + 2 * y) + 0.6 * torch.cos(7 * y - 3 * x * y) + torch.exp(-8 * ((x - 0.3) ** 2 + y ** 2))
    z = z + 0.3 * torch.sin(9 * (x ** 2 + y ** 2))
    return torch.stack([x, y], -1).view(-1, 2), ((z - z.mean()) / z.std()).flatten()


def psnr(pred, target):
    peak = (target.max() - target.min()).item()
    return 10 * math.log10(peak ** 2 / (pred - target).pow(2).mean().item())


def main(cfg=Config()):
    torch.manual_seed(cfg.seed)
    coords, heights = relief(cfg.size)
    order = torch.randperm(len(coords))
    fit, held = order[:1800], order[1800:]
    model = Siren(cfg)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, cfg.steps, eta_min=cfg.lr * 0.1)
    for step in range(1, cfg.steps + 1):
        pick = fit[torch.randint(0, len(fit), (cfg.batch,))]
        loss = (model(coords[pick]) - heights[pick]).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        sched.step()
        if step % 100 == 0:
            with torch.no_grad():
                print(f"step {step}: mse {loss.item():.5f}  held-out psnr {psnr(model(coords[held]), heights[held]):.2f} dB")
    with torch.no_grad():
        rms = (model(coords[held]) - heights[held]).pow(2).mean().sqrt().item()
    print(f"held-out rms error {rms:.4f}")


if __name__ == "__main__":
    main()
