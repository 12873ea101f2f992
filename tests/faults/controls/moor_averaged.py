"""Heather cover from multispectral bands; weights averaged over the second half of the run."""
import argparse
import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, SWALR, update_bn
from torch.utils.data import DataLoader, TensorDataset


def bands(n, rng):
    X = rng.normal(size=(n, 8))
    y = np.tanh(X[:, 0] + X[:, 1]) + 0.6 * X[:, 2] * X[:, 3] + 0.4 * np.cos(2 * X[:, 4]) + 0.3 * rng.normal(size=n)
    return X.astype("float32"), y.astype("float32")


class CoverNet(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, width), nn.BatchNorm1d(width), nn.ReLU(),
                                 nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, x):
        return self.net(x).squeeze(1)


def mse(model, X, y):
    model.eval()
    with torch.no_grad():
        return nn.functional.mse_loss(model(X), y).item()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=20)
    p.add_argument("--swa-start", type=int, default=10)
    p.add_argument("--swa-lr", type=float, default=0.02)
    args = p.parse_args()
    torch.manual_seed(6)
    X, y = bands(5000, np.random.default_rng(6))
    y = (y - y[:4000].mean()) / y[:4000].std()
    X, y = torch.tensor(X), torch.tensor(y)
    loader = DataLoader(TensorDataset(X[:4000], y[:4000]), batch_size=64, shuffle=True, drop_last=True)
    model = CoverNet()
    averaged = AveragedModel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    swa_schedule = SWALR(optimizer, swa_lr=args.swa_lr, anneal_epochs=3)
    for epoch in range(args.epochs):
        model.train()
        total = 0.0
        for xb, yb in loader:
            loss = nn.functional.mse_loss(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        if epoch >= args.swa_start:
            averaged.update_parameters(model)
            swa_schedule.step()
        print(f"epoch {epoch:2d} lr {optimizer.param_groups[0]['lr']:.3f} train {total / len(loader):.4f} "
              f"raw test {mse(model, X[4000:], y[4000:]):.4f}")
    update_bn(loader, averaged)
    print(f"averaged weights, test MSE: {mse(averaged, X[4000:], y[4000:]):.4f}")


if __name__ == "__main__":
    main()
