import argparse
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split


def load(seed):
    X, y = load_diabetes(return_X_y=True)
    Xtr, Xte, ytr, yte = train_test_split(X, y, test_size=0.3, random_state=seed)
    xm, xs, ym, ys = Xtr.mean(0), Xtr.std(0), ytr.mean(), ytr.std()
    f = lambda a, m, s: torch.from_numpy(((a - m) / s).astype(np.float32))
    return f(Xtr, xm, xs), f(ytr, ym, ys), f(Xte, xm, xs), f(yte, ym, ys)


class Net(nn.Module):
    def __init__(self, d, width):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(d, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, x):
        return self.f(x)[:, 0]


def main(args):
    torch.manual_seed(args.seed)
    Xtr, ytr, Xte, yte = load(args.seed)
    dl = DataLoader(TensorDataset(Xtr, ytr), batch_size=args.batch_size, shuffle=True)
    net = Net(Xtr.shape[1], args.width)
    opt = torch.optim.AdamW(net.parameters(), lr=args.lr, weight_decay=args.weight_decay)
    lf = nn.MSELoss()
    for ep in range(args.epochs):
        net.train()
        s = 0.0
        for xb, yb in dl:
            opt.zero_grad()
            loss = lf(net(xb), yb)
            loss.backward()
            opt.step()
            s += loss.item() * len(xb)
        net.eval()
        with torch.no_grad():
            te = lf(net(Xte), yte).item()
        if (ep + 1) % max(1, args.epochs // 12) == 0:
            print(f"ep {ep + 1:3d}  train mse {s / len(Xtr):.4f}  test mse {te:.4f}")
    print(f"Test MSE (standardised): {te:.4f}")


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=120)
    ap.add_argument("--width", type=int, default=64)
    ap.add_argument("--lr", type=float, default=1e-3)
    ap.add_argument("--batch-size", type=int, default=16)
    ap.add_argument("--weight-decay", type=float, default=0.0)
    ap.add_argument("--seed", type=int, default=1)
    main(ap.parse_args())
