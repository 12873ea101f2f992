import argparse
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1
from torch.utils.data import DataLoader, TensorDataset


def get_args():
    ap = argparse.ArgumentParser()
    ap.add_argument("--batch_size", default=2, type=int)
    ap.add_argument("--epochs", default=12, type=int)
    ap.add_argument("--lr", default=3e-3, type=float)
    ap.add_argument("--width", default=48, type=int)
    return ap.parse_args()


class AgeNet(nn.Module):
    def __init__(self, d, width):
        super().__init__()
        self.fc1, self.bn1 = nn.Linear(d, width), nn.BatchNorm1d(width)
        self.fc2, self.bn2 = nn.Linear(width, width), nn.BatchNorm1d(width)
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        x = torch.relu(self.bn1(self.fc1(x)))
        x = torch.relu(self.bn2(self.fc2(x)))
        return self.out(x)


def shells():
    x, y = make_friedman1(n_samples=1300, n_features=8, noise=0.8, random_state=9)
    x = (x - x[:1000].mean(0)) / x[:1000].std(0)
    y = (y - y[:1000].mean()) / y[:1000].std()
    x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)[:, None]
    return TensorDataset(x[:1000], y[:1000]), TensorDataset(x[1000:], y[1000:])


def main(args):
    torch.manual_seed(9)
    train, val = shells()
    loader = DataLoader(train, batch_size=args.batch_size, shuffle=True, drop_last=True)
    net = AgeNet(8, args.width)
    opt = torch.optim.Adam(net.parameters(), lr=args.lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)
    mse = nn.MSELoss()
    for epoch in range(args.epochs):
        net.train()
        losses = []
        for x, y in loader:
            opt.zero_grad()
            loss = mse(net(x), y)
            loss.backward()
            opt.step()
            losses.append(loss.item())
        sched.step()
        net.eval()
        with torch.no_grad():
            val_mse = mse(net(val.tensors[0]), val.tensors[1]).item()
        print(f"epoch {epoch + 1} train mse {np.mean(losses):.4f} val mse {val_mse:.4f}")
    r2 = 1 - val_mse / val.tensors[1].var(unbiased=False).item()
    print(f"validation R^2: {r2:.4f}")


if __name__ == "__main__":
    main(get_args())
