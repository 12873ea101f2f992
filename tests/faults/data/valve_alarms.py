"""Predict valve failures in the next 24 h from hourly telemetry aggregates."""
import argparse

import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import balanced_accuracy_score, recall_score
from torch.utils.data import DataLoader, TensorDataset


def load_telemetry(n=9000, n_sensors=14, seed=4):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, n_sensors))
    w = rng.normal(size=n_sensors)
    w /= np.linalg.norm(w)
    risk = 1.3 * (x @ w) + 0.5 * np.abs(x[:, 0]) - 4.6
    y = (rng.random(n) < 1 / (1 + np.exp(-risk))).astype(np.float32)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


class FailureNet(nn.Module):
    def __init__(self, d, hidden=24):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(d, hidden), nn.SiLU(), nn.Dropout(0.1), nn.Linear(hidden, 1))

    def forward(self, x):
        return self.body(x).squeeze(1)


@torch.no_grad()
def evaluate(model, x, y):
    model.eval()
    pred = (torch.sigmoid(model(x)) > 0.5).int().numpy()
    t = y.int().numpy()
    return (pred == t).mean(), recall_score(t, pred, zero_division=0), balanced_accuracy_score(t, pred)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=12)
    ap.add_argument("--lr", type=float, default=2e-3)
    ap.add_argument("--batch", type=int, default=128)
    args = ap.parse_args()
    torch.manual_seed(11)

    x, y = load_telemetry()
    x_tr, y_tr, x_te, y_te = x[:6500], y[:6500], x[6500:], y[6500:]
    loader = DataLoader(TensorDataset(x_tr, y_tr), batch_size=args.batch, shuffle=True)
    print(f"{len(x_tr)} train rows, {int(y_tr.sum())} failures")

    model = FailureNet(x.shape[1])
    criterion = nn.BCEWithLogitsLoss()
    opt = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.02)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=args.epochs)
    for epoch in range(args.epochs):
        model.train()
        running = 0.0
        for xb, yb in loader:
            opt.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            opt.step()
            running += loss.item() * len(xb)
        sched.step()
        acc, rec, bal = evaluate(model, x_te, y_te)
        print(f"epoch {epoch:2d}  loss {running / len(x_tr):.4f}  acc {acc:.3f}  failure recall {rec:.3f}  balanced {bal:.3f}")
    print(f"final balanced accuracy: {evaluate(model, x_te, y_te)[2]:.4f}")


if __name__ == "__main__":
    main()
