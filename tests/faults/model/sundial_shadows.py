"""Shadow length and bearing of a gnomon from date, time and place: a residual MLP with three outputs."""
import math
import numpy as np
import torch
from torch import nn

CONFIG = dict(width=64, blocks=3, batch=100, lr=1e-3, epochs=2, clip=10.0, seed=14)


def shadow_table(n, seed):
    rng = np.random.default_rng(seed)
    day = rng.uniform(0, 365, n)
    hour = rng.uniform(-4, 4, n)                       # hours from local noon
    latitude = rng.uniform(-50, 50, n)
    slope = rng.normal(0, 4, n)
    decl = np.radians(23.44) * np.sin(2 * math.pi * (day - 81) / 365)
    lat, h = np.radians(latitude), np.radians(15 * hour)
    sin_alt = np.sin(lat) * np.sin(decl) + np.cos(lat) * np.cos(decl) * np.cos(h)
    altitude = np.arcsin(sin_alt) + np.radians(slope) * np.cos(h)
    azimuth = np.arctan2(np.sin(h), np.cos(h) * np.sin(lat) - np.tan(decl) * np.cos(lat))
    length = np.log1p(1 / np.tan(np.clip(altitude, 0.12, 1.5)))
    y = np.stack([length, np.sin(azimuth), np.cos(azimuth)], axis=1) + rng.normal(0, 0.03, (n, 3))
    x = np.stack([np.sin(2 * math.pi * day / 365), np.cos(2 * math.pi * day / 365),
                  hour / 2.3, latitude / 29, slope / 4], axis=1)
    return torch.from_numpy(x).float(), torch.from_numpy(y).float()


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, x):
        return x + self.inner(x)


class ShadowNet(nn.Module):
    def __init__(self, width, blocks):
        super().__init__()
        self.lift = nn.Linear(5, width)
        self.blocks = nn.ModuleList(Residual(width) for _ in range(blocks))
        self.out = nn.Linear(width, 3)

    def forward(self, x):
        x = self.lift(x)
        for block in self.blocks:
            x = block(x)
        return self.out(x)


def main():
    torch.manual_seed(CONFIG["seed"])
    x, y = shadow_table(8000, 1)
    x_test, y_test = shadow_table(2000, 2)
    mean, std = y.mean(0), y.std(0)
    y, y_test = (y - mean) / std, (y_test - mean) / std

    net = ShadowNet(CONFIG["width"], CONFIG["blocks"])
    optimizer = torch.optim.AdamW(net.parameters(), lr=CONFIG["lr"], weight_decay=1e-3)
    loss_fn = nn.SmoothL1Loss()
    decay_start = 14
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda e: 1.0 if e < decay_start else 0.5 ** (e - decay_start + 1))

    for epoch in range(CONFIG["epochs"]):
        net.train()
        total, done = 0.0, 0
        for i, idx in enumerate(torch.randperm(len(y)).split(CONFIG["batch"]), start=1):
            optimizer.zero_grad()
            loss = loss_fn(net(x[idx]), y[idx])
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), CONFIG["clip"])
            optimizer.step()
            total, done = total + loss.item(), done + 1
            if i % 40 == 0:
                print(f"epoch {epoch + 1} batch {i:3d}  loss {total / done:.5f}")
                total, done = 0.0, 0
        scheduler.step()
        net.eval()
        with torch.no_grad():
            print(f"epoch {epoch + 1} test loss {loss_fn(net(x_test), y_test).item():.5f}")

    with torch.no_grad():
        rmse = (net(x_test) - y_test).pow(2).mean(0).sqrt()
    print("per output:", " ".join(f"{v:.4f}" for v in rmse.tolist()))
    print(f"shadow rmse (scaled): {rmse.mean().item():.4f}")


if __name__ == "__main__":
    main()
