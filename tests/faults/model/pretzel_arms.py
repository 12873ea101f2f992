import argparse

import numpy as np
import torch
import torch.nn as nn


def spirals(n, arms, rng):
    arm = rng.integers(0, arms, n)
    r = rng.uniform(0.15, 1.0, n)
    theta = 2 * np.pi * arm / arms + 7.0 * r + rng.normal(0, 0.12, n)
    xy = np.stack([r * np.cos(theta), r * np.sin(theta)], 1) / 0.45
    return torch.tensor(xy, dtype=torch.float32), torch.tensor(arm)


def get_args():
    p = argparse.ArgumentParser(description="which arm of the spiral?")
    p.add_argument("--hidden", type=int, default=3)
    p.add_argument("--arms", type=int, default=4)
    p.add_argument("--steps", type=int, default=2000)
    p.add_argument("--batch-size", type=int, default=128)
    p.add_argument("--lr", type=float, default=0.01)
    return p.parse_args()


class SpiralNet(nn.Module):
    def __init__(self, hidden, arms):
        super().__init__()
        self.fc1 = nn.Linear(2, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, arms)

    def forward(self, x):
        x = torch.tanh(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        return self.fc3(x)


def batches(x, y, size):
    while True:
        order = torch.randperm(len(x))
        for start in range(0, len(x) - size + 1, size):
            chosen = order[start:start + size]
            yield x[chosen], y[chosen]


def main():
    args = get_args()
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    x_train, y_train = spirals(4000, args.arms, rng)
    x_test, y_test = spirals(1500, args.arms, rng)
    net = SpiralNet(args.hidden, args.arms)
    criterion = nn.CrossEntropyLoss()
    opt = torch.optim.Adam(net.parameters(), lr=args.lr)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=args.lr, total_steps=args.steps)
    stream = batches(x_train, y_train, args.batch_size)
    for step in range(1, args.steps + 1):
        xb, yb = next(stream)
        loss = criterion(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        if step % 250 == 0:
            with torch.no_grad():
                l_train, l_test = criterion(net(x_train), y_train), criterion(net(x_test), y_test)
                acc = (net(x_test).argmax(1) == y_test).float().mean()
            print(f"{step:5d} train {l_train:.4f} test {l_test:.4f} acc {acc:.4f}")
    print(f"test acc {acc:.4f}")


if __name__ == "__main__":
    main()
