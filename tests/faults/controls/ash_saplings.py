"""Growth of ash saplings in a year.  Repeat measurements say that at best some 40 % of the variance
can be explained from the site, the rest is weather and browsing."""
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn


@dataclass
class Settings:
    saplings: int = 4000
    held_out: int = 1000
    width: int = 24
    epochs: int = 15
    batch: int = 64
    lr: float = 3e-3
    weight_decay: float = 1e-3


def measure(n, rng):
    light = rng.beta(2, 3, n)
    soil = rng.uniform(3.5, 7.5, n)
    slope = rng.gamma(2, 5, n)
    rivals = rng.poisson(5, n)
    height = rng.normal(80, 25, n)
    signal = 3.2 * np.sqrt(light) - 0.35 * (soil - 6) ** 2 - 0.12 * rivals + 0.008 * height - 0.02 * slope
    growth = signal + rng.normal(0, 1.25 * signal.std(), n)
    return np.column_stack([light, soil, slope, rivals, height]), growth


def prepare(x, y, stats):
    mx, sx, my, sy = stats
    return torch.tensor((x - mx) / sx, dtype=torch.float32), torch.tensor((y - my) / sy, dtype=torch.float32).unsqueeze(1)


def main(s=Settings()):
    torch.manual_seed(50)
    rng = np.random.default_rng(50)
    raw, raw_test = measure(s.saplings, rng), measure(s.held_out, rng)
    stats = raw[0].mean(0), raw[0].std(0), raw[1].mean(), raw[1].std()
    x, y = prepare(*raw, stats)
    x_test, y_test = prepare(*raw_test, stats)

    net = nn.Sequential(nn.Linear(5, s.width), nn.SiLU(), nn.Linear(s.width, s.width), nn.SiLU(), nn.Linear(s.width, 1))
    opt = torch.optim.AdamW(net.parameters(), lr=s.lr, weight_decay=s.weight_decay)
    sched = torch.optim.lr_scheduler.LinearLR(opt, 1.0, 0.05, total_iters=s.epochs)
    for epoch in range(s.epochs):
        net.train()
        total = 0.0
        for rows in torch.randperm(len(x)).split(s.batch):
            opt.zero_grad()
            loss = ((net(x[rows]) - y[rows]) ** 2).mean()
            loss.backward()
            opt.step()
            total += loss.item() * len(rows)
        sched.step()
        net.eval()
        with torch.no_grad():
            test = ((net(x_test) - y_test) ** 2).mean().item()
        r2 = 1 - test / y_test.var(unbiased=False).item()
        print(f"epoch {epoch + 1:2d}: mse {total / len(x):.4f}, held-out {test:.4f}, r2 {r2:.3f}")
    print(f"explained variance: {r2:.4f}")


if __name__ == "__main__":
    main()
