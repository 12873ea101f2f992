"""Grain direction of wood chips, estimated by a small ConvNet trained with mixed precision."""
import math
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    epochs: int = 7
    batch: int = 40
    lr: float = 0.04
    momentum: float = 0.9
    max_norm: float = 5.0
    device: str = "cpu"


def chips(n, seed, size=14):
    g = torch.Generator().manual_seed(seed)
    theta = math.pi * torch.rand(n, generator=g)
    phase = 2 * math.pi * torch.rand(n, generator=g)
    freq = 0.7 + 0.5 * torch.rand(n, generator=g)
    axis = torch.arange(size) - size / 2
    yy, xx = torch.meshgrid(axis, axis, indexing="ij")
    wave = xx * torch.cos(theta)[:, None, None] + yy * torch.sin(theta)[:, None, None]
    img = torch.sin(freq[:, None, None] * wave + phase[:, None, None]) + 0.7 * torch.randn(n, size, size, generator=g)
    target = torch.stack([torch.cos(2 * theta), torch.sin(2 * theta)], 1) * math.sqrt(2)
    return img[:, None], target


class AngleNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(1, 12, 5, padding=2), nn.BatchNorm2d(12)
        self.c2, self.b2 = nn.Conv2d(12, 24, 3, stride=2, padding=1), nn.BatchNorm2d(24)
        self.fc = nn.Linear(24 * 7 * 7, 2)

    def forward(self, x):
        x = F.relu(self.b1(self.c1(x)))
        x = F.relu(self.b2(self.c2(x)))
        return self.fc(x.flatten(1))


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        p = model(x)
    error = torch.atan2(p[:, 1], p[:, 0]) - torch.atan2(y[:, 1], y[:, 0])
    error = torch.atan2(error.sin(), error.cos()).abs() / 2
    return F.mse_loss(p, y).item(), math.degrees(error.mean().item())


def main(cfg=Config()):
    torch.manual_seed(31)
    x, y = chips(2400, seed=1)
    xv, yv = chips(600, seed=2)
    model = AngleNet().to(cfg.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=cfg.momentum)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=cfg.epochs)
    scaler = torch.amp.GradScaler(device=cfg.device, init_scale=2.0 ** 10)
    for epoch in range(cfg.epochs):
        model.train()
        total = 0.0
        for idx in torch.randperm(len(x)).split(cfg.batch):
            optimizer.zero_grad()
            with torch.autocast(cfg.device, dtype=torch.bfloat16):
                out = model(x[idx])
            loss = F.mse_loss(out.float(), y[idx])
            scaler.scale(loss).backward()
            nn.utils.clip_grad_norm_(model.parameters(), cfg.max_norm)
            scaler.step(optimizer)
            scaler.update()
            total += loss.item() * len(idx)
        schedule.step()
        val, degrees = evaluate(model, xv, yv)
        print(f"epoch {epoch + 1} train {total / len(x):.4f} val {val:.4f} mean error {degrees:.2f} deg")
    print(f"mean angular error {degrees:.3f} deg")


if __name__ == "__main__":
    main()
