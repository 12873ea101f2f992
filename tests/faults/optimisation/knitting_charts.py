"""Scanned knitting charts have stains: learn to clean 16x16 charts with a small autoencoder."""
from dataclasses import dataclass

import torch
import torch.nn as nn


@dataclass
class Config:
    charts: int = 1200
    held_out: int = 300
    batch: int = 120
    epochs: int = 60
    lr: float = 4e-3
    step_size: int = 18
    gamma: float = 0.3
    seed: int = 4


def draw_charts(n, gen):
    """repeats of a small motif, mirrored as knitters do"""
    motif = (torch.rand(n, 4, 4, generator=gen) < 0.45).float()
    half = torch.cat([motif, motif.flip(2)], dim=2)
    block = torch.cat([half, half.flip(1)], dim=1)
    return block.repeat(1, 2, 2)


def stain(charts, gen):
    noisy = charts + 0.7 * torch.randn(charts.shape, generator=gen)
    return (noisy - 0.45) / 0.85


class Cleaner(nn.Module):
    def __init__(self, code=32):
        super().__init__()
        self.encode = nn.Sequential(nn.Flatten(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, code), nn.ReLU())
        self.decode = nn.Sequential(nn.Linear(code, 128), nn.ReLU(), nn.Linear(128, 256), nn.Unflatten(1, (16, 16)))

    def forward(self, x):
        return self.decode(self.encode(x))


def held_out_error(net, noisy, clean):
    net.eval()
    with torch.no_grad():
        return nn.functional.mse_loss(net(noisy), clean).item()


def main(cfg=Config()):
    torch.manual_seed(cfg.seed)
    gen = torch.Generator().manual_seed(cfg.seed)
    clean = draw_charts(cfg.charts + cfg.held_out, gen)
    test_clean = clean[cfg.charts:]
    test_noisy = stain(test_clean, gen)
    clean = clean[:cfg.charts]

    net = Cleaner()
    opt = torch.optim.Adam(net.parameters(), lr=cfg.lr)
    sched = torch.optim.lr_scheduler.StepLR(opt, step_size=cfg.step_size, gamma=cfg.gamma)
    for epoch in range(cfg.epochs):
        net.train()
        losses = []
        for idx in torch.randperm(cfg.charts, generator=gen).split(cfg.batch):
            target = clean[idx]
            loss = nn.functional.mse_loss(net(stain(target, gen)), target)
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            losses.append(loss.item())
        if epoch % 4 == 3:
            mean, held = sum(losses) / len(losses), held_out_error(net, test_noisy, test_clean)
            print(f"epoch {epoch + 1:2d}  train mse {mean:.4f}  held-out mse {held:.4f}")
    print(f"stains left (mse): {held_out_error(net, test_noisy, test_clean):.5f}")


main()
