"""Sound speed in sea water from temperature, salinity and depth, trained with a gradient scaler."""
import argparse

import numpy as np
import torch
import torch.nn as nn


def sound_speed(t, s, d):
    return (1448.96 + 4.591 * t - 5.304e-2 * t ** 2 + 2.374e-4 * t ** 3 + 1.340 * (s - 35) + 1.630e-2 * d
            + 1.675e-7 * d ** 2 - 1.025e-2 * t * (s - 35) - 7.139e-13 * t * d ** 3)


def make_data(n, rng):
    t, s, d = rng.uniform(0, 30, n), rng.uniform(30, 40, n), rng.uniform(0, 6000, n)
    return np.stack([t, s, d], 1), sound_speed(t, s, d) + rng.normal(0, 1.5, n)


class Net(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 1))

    def forward(self, x):
        return self.layers(x).squeeze(1)


def train_one_epoch(model, x, y, optimizer, scaler, args):
    model.train()
    total = 0.0
    for idx in torch.randperm(len(x)).split(args.batch_size):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.bf16):
            out = model(x[idx])
        loss = nn.functional.mse_loss(out.float(), y[idx])
        scaler.scale(loss).backward()
        nn.utils.clip_grad_norm_(model.parameters(), args.max_norm)
        scaler.step(optimizer)
        scaler.update()
        total += loss.item() * len(idx)
    return total / len(x)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=25)
    ap.add_argument("--batch-size", type=int, default=64)
    ap.add_argument("--lr", type=float, default=0.05)
    ap.add_argument("--max-norm", type=float, default=2.0)
    ap.add_argument("--init-scale", type=float, default=1024.0)
    ap.add_argument("--bf16", action="store_true")
    args = ap.parse_args()
    torch.manual_seed(2)
    rng = np.random.default_rng(2)
    (xa, ya), (xb, yb) = make_data(3000, rng), make_data(1000, rng)
    mx, sx, my, sy = xa.mean(0), xa.std(0), ya.mean(), ya.std()
    x, y, x_val, y_val = [torch.tensor(a, dtype=torch.float32)
                          for a in ((xa - mx) / sx, (ya - my) / sy, (xb - mx) / sx, (yb - my) / sy)]
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    scaler = torch.amp.GradScaler("cpu", init_scale=args.init_scale)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
    for epoch in range(args.epochs):
        train_loss = train_one_epoch(model, x, y, optimizer, scaler, args)
        schedule.step()
        model.eval()
        with torch.no_grad():
            val_loss = nn.functional.mse_loss(model(x_val), y_val).item()
        if (epoch + 1) % 5 == 0:
            print(f"epoch {epoch + 1:3d} train {train_loss:.5f} val {val_loss:.5f}")
    print(f"validation error {val_loss:.5f}")


if __name__ == "__main__":
    main()
