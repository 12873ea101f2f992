import argparse
import numpy as np
import torch
import torch.nn as nn
from torch.optim.lr_scheduler import PolynomialLR
from torch.utils.data import DataLoader, TensorDataset


def recipes(n, rng):
    """Oxide fractions and firing schedule -> glaze gloss (standardised)."""
    X = rng.normal(size=(n, 7))
    y = 1.2 * np.sin(1.4 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.8 * np.maximum(X[:, 3], 0) - 0.6 * X[:, 4]
    y = y + 0.25 * rng.normal(size=n)
    return X.astype("float32"), y.astype("float32")


class GlazeNet(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a = nn.Linear(7, width)
        self.b = nn.Linear(width, width)
        self.c = nn.Linear(width, 1)
        self.act = nn.SiLU()

    def forward(self, x):
        return self.c(self.act(self.b(self.act(self.a(x))))).squeeze(-1)


def validate(model, X, y):
    model.eval()
    with torch.no_grad():
        err = model(X) - y
    return err.pow(2).mean().item(), 1 - (err.pow(2).sum() / (y - y.mean()).pow(2).sum()).item()


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=20)
    ap.add_argument("--lr", type=float, default=3e-3)
    ap.add_argument("--width", type=int, default=64)
    args = ap.parse_args()
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    X, y = recipes(5000, rng)
    y = (y - y[:4000].mean()) / y[:4000].std()
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    X_val, y_val = X[4000:], y[4000:]
    loader = DataLoader(TensorDataset(X[:4000], y[:4000]), batch_size=80, shuffle=True, drop_last=True)

    model = GlazeNet(args.width)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    scheduler = PolynomialLR(optimizer, total_iters=args.epochs, power=0.9)
    mse = nn.MSELoss()
    for epoch in range(args.epochs):
        model.train()
        losses = []
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = mse(model(xb), yb)
            loss.backward()
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
        v, r2 = validate(model, X_val, y_val)
        print(f"epoch {epoch + 1:>2}/{args.epochs}  train mse {np.mean(losses):.4f}  val mse {v:.4f}  r2 {r2:.4f}")
    print(f"validation R2 = {r2:.4f}")
