import argparse

import numpy as np
import torch
from torch import nn

parser = argparse.ArgumentParser(description="next-hour water level over the reef flat")
parser.add_argument("--epochs", type=int, default=14)
parser.add_argument("--batch-size", type=int, default=50)
parser.add_argument("--lr", type=float, default=3e-3)
parser.add_argument("--history", type=int, default=20)
args = parser.parse_args()
torch.manual_seed(3)
rng = np.random.default_rng(3)

hours = np.arange(3200)
level = (np.sin(2 * np.pi * hours / 12.42) + 0.4 * np.sin(2 * np.pi * hours / 12.0 + 1.0)
         + 0.3 * np.sin(2 * np.pi * hours / 25.8))
surge = np.zeros(len(hours))
for t in range(1, len(hours)):
    surge[t] = 0.9 * surge[t - 1] + 0.12 * rng.normal()
series = (level + surge).astype(np.float32)
cut = 2600
series = (series - series[:cut].mean()) / series[:cut].std()


def windows(values, history):
    x = np.stack([values[i:i + history] for i in range(len(values) - history)])
    return torch.from_numpy(x).unsqueeze(-1), torch.from_numpy(values[history:])


class LevelGRU(nn.Module):
    def __init__(self, hidden=20):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        _, h = self.gru(x)
        return self.out(h[-1])


def huber(prediction, observed, delta=1.0):
    error = prediction - observed
    small = error.abs() < delta
    return torch.where(small, 0.5 * error ** 2, delta * (error.abs() - 0.5 * delta)).mean()


def r2(model, x, y):
    model.eval()
    with torch.no_grad():
        p = model(x).flatten()
    return 1 - ((p - y) ** 2).sum().item() / ((y - y.mean()) ** 2).sum().item()


x_train, y_train = windows(series[:cut], args.history)
x_test, y_test = windows(series[cut:], args.history)
net = LevelGRU()
optim = torch.optim.Adam(net.parameters(), lr=args.lr)
for epoch in range(args.epochs):
    net.train()
    order = torch.randperm(len(x_train))
    losses = []
    for s in range(0, len(order), args.batch_size):
        idx = order[s:s + args.batch_size]
        loss = huber(net(x_train[idx]), y_train[idx])
        optim.zero_grad()
        loss.backward()
        optim.step()
        losses.append(loss.item())
    print(f"[{epoch:02d}] huber {np.mean(losses):.4f}  R2 train {r2(net, x_train, y_train):.4f}  test {r2(net, x_test, y_test):.4f}")
print("test R2: %.4f" % r2(net, x_test, y_test))
