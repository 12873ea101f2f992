"""Conditional quantiles of courier travel time (seconds) with the pinball loss."""
import argparse

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

TAUS = torch.tensor([0.1, 0.5, 0.9])


def trips(n, seed):
    rng = np.random.default_rng(seed)
    km = rng.gamma(3.0, 1.5, n)
    stops = rng.integers(1, 9, n)
    rain = rng.random(n) < 0.3
    hour = rng.uniform(6, 22, n)
    mean = 80 * km + 45 * stops + 60 * rain + 70 * np.sin(hour / 24 * 2 * np.pi) ** 2
    secs = mean * rng.lognormal(0.0, 0.12 + 0.1 * rain, n)
    return np.c_[km, stops, rain, hour].astype(np.float32), secs.astype(np.float32)


def pinball(pred, y):
    diff = y[:, None] - pred
    return torch.maximum(TAUS * diff, (TAUS - 1) * diff).mean()


def main(args):
    torch.manual_seed(args.seed)
    x_train, y_train = trips(3000, 1)
    x_val, y_val = trips(1000, 2)
    scaler = StandardScaler().fit(x_train)
    x_train = torch.tensor(scaler.transform(x_train), dtype=torch.float32)
    x_val = torch.tensor(scaler.transform(x_val), dtype=torch.float32)
    y_train, y_val = torch.tensor(y_train), torch.tensor(y_val)
    centre, spread = 0.0, 1.0
    target = (y_train - centre) / spread

    model = nn.Sequential(nn.Linear(4, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 3))
    opt = torch.optim.Adam(model.parameters(), lr=args.lr)
    sched = torch.optim.lr_scheduler.LinearLR(opt, 1.0, 0.05, total_iters=args.epochs)
    loader = DataLoader(TensorDataset(x_train, target), batch_size=100, shuffle=True)
    for epoch in range(args.epochs):
        model.train()
        for x, y in loader:
            loss = pinball(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        sched.step()
        model.eval()
        with torch.no_grad():
            q = model(x_val) * spread + centre
            inside = ((y_val > q[:, 0]) & (y_val < q[:, 2])).float().mean().item()
            val = pinball(q, y_val).item()
        if epoch % 3 == 2:
            print(f"epoch {epoch + 1}: val pinball {val:.3f} s, 80% band covers {inside:.3f}")
    print(f"validation pinball loss {val:.4f} (coverage {inside:.3f})")


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=24)
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--seed", type=int, default=12)
    main(p.parse_args())
