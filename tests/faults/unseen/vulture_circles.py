"""Thermal maps for soaring vultures: lift at a point of the valley (x, y, hour, cloud)."""
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Settings:
    hidden: int = 3
    depth: int = 2
    lr: float = 5e-3
    epochs: int = 50
    batch: int = 100
    n_train: int = 3000
    n_valid: int = 800
    seed: int = 12


def lift(n, gen):
    pos = torch.rand(n, 4, generator=gen) * 2 - 1
    x, y, hour, cloud = pos.unbind(1)
    sun = torch.cos(1.5 * hour) * (1 - 0.4 * (cloud + 1))
    slope = torch.exp(-((x - 0.3) ** 2 + (y + 0.2) ** 2) / 0.15) - 0.8 * torch.exp(-((x + 0.5) ** 2 + (y - 0.4) ** 2) / 0.2)
    value = 2 * sun * slope + 0.5 * torch.sin(3 * y) * hour
    return pos, (value + 0.05 * torch.randn(n, generator=gen)).unsqueeze(1)


def build(s):
    layers, width = [], 4
    for _ in range(s.depth):
        layers += [nn.Linear(width, s.hidden), nn.SiLU()]
        width = s.hidden
    return nn.Sequential(*layers, nn.Linear(width, 1))


def main():
    s = Settings()
    torch.manual_seed(s.seed)
    torch.set_num_threads(1)
    gen = torch.Generator().manual_seed(s.seed)
    x, t = lift(s.n_train, gen)
    xv, tv = lift(s.n_valid, gen)
    mean, std = t.mean(), t.std()
    t, tv = (t - mean) / std, (tv - mean) / std

    model = build(s)
    opt = torch.optim.AdamW(model.parameters(), lr=s.lr, weight_decay=1e-4)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(opt, s.epochs)
    best = float("inf")
    for epoch in range(s.epochs):
        model.train()
        losses = []
        for rows in torch.randperm(s.n_train).split(s.batch):
            loss = nn.functional.mse_loss(model(x[rows]), t[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        plan.step()
        model.eval()
        with torch.no_grad():
            valid = nn.functional.mse_loss(model(xv), tv).item()
        best = min(best, valid)
        if epoch % 10 == 9:
            print(f"{epoch + 1:3d}: train mse {sum(losses) / len(losses):.4f}, valid mse {valid:.4f}")
    print(f"unexplained share of the variance: {best:.4f}")


if __name__ == "__main__":
    main()
