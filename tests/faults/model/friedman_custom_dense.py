"""Small regression network made of hand written layers (exercise 4)."""
import argparse
import math

import numpy as np
import torch
from torch import nn
from sklearn.datasets import make_friedman1


class Dense(nn.Module):
    def __init__(self, n_in, n_out, activation=None):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n_out, n_in) / n_in)
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.activation = activation

    def forward(self, x):
        z = x @ self.weight.t() + self.bias
        return self.activation(z) if self.activation is not None else z


class Net(nn.Module):
    def __init__(self, n_in, width):
        super().__init__()
        self.layers = nn.Sequential(
            Dense(n_in, width, torch.relu),
            Dense(width, width, torch.relu),
            Dense(width, 1),
        )

    def forward(self, x):
        return self.layers(x).squeeze(-1)


def batches(X, y, size, gen):
    order = torch.randperm(len(X), generator=gen)
    for i in range(0, len(X), size):
        idx = order[i:i + size]
        yield X[idx], y[idx]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--width", type=int, default=48)
    p.add_argument("--epochs", type=int, default=60)
    p.add_argument("--lr", type=float, default=2e-3)
    args = p.parse_args()

    torch.manual_seed(11)
    gen = torch.Generator().manual_seed(11)
    X, y = make_friedman1(n_samples=2400, n_features=8, noise=0.5, random_state=11)
    X = (X - X[:1800].mean(0)) / X[:1800].std(0)
    y = (y - y[:1800].mean()) / y[:1800].std()
    X, y = torch.from_numpy(X.astype(np.float32)), torch.from_numpy(y.astype(np.float32))
    Xtr, ytr, Xva, yva = X[:1800], y[:1800], X[1800:], y[1800:]

    model = Net(X.shape[1], args.width)
    opt = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=1e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)
    for ep in range(args.epochs):
        losses = []
        for xb, yb in batches(Xtr, ytr, 32, gen):
            loss = nn.functional.mse_loss(model(xb), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        sched.step()
        if ep % 10 == 9:
            with torch.no_grad():
                mse = nn.functional.mse_loss(model(Xva), yva).item()
            print(f"[{ep + 1}] train {np.mean(losses):.4f} valid {mse:.4f}")
    print(f"R2 on validation = {1 - mse / yva.var().item():.4f}")


if __name__ == "__main__":
    main()
