import argparse

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser(description="gravel grade from sieve curves")
parser.add_argument("--epochs", type=int, default=9)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--lr", type=float, default=2e-3)
parser.add_argument("--samples", type=int, default=2800)
parser.add_argument("--seed", type=int, default=40)


def quarry_log(count, seed):
    """Sieve curves (24 meshes), the laboratory's grade and what the weighbridge keyed in."""
    rng = np.random.default_rng(seed)
    grade = rng.integers(0, 4, count)
    mesh = np.linspace(-2, 2, 24)
    middle = np.array([-0.9, -0.1, 0.3, 1.0])[grade] + rng.normal(0, 0.16, count)
    spread = np.array([0.35, 0.25, 0.6, 0.3])[grade] * rng.uniform(0.85, 1.15, count)
    passing = 1 / (1 + np.exp(-(mesh - middle[:, None]) / spread[:, None]))
    passing += 0.04 * np.sin(mesh * 3 + rng.uniform(0, 6, count)[:, None])
    passing += rng.normal(0, 0.05, passing.shape)
    hurried = rng.random(count) < 0.5
    keyed = np.where(hurried, rng.integers(0, 4, count), grade)
    return {"curve": passing.astype("float32"), "lab": grade, "keyed": keyed}


class SieveSet(Dataset):
    def __init__(self, log, rows, column, mean, std):
        self.curves = torch.from_numpy((log["curve"][rows] - mean) / std).unsqueeze(1)
        self.grades = torch.from_numpy(log[column][rows])

    def __len__(self):
        return len(self.grades)

    def __getitem__(self, i):
        return self.curves[i], self.grades[i]


class SieveNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 16, 5, padding=2)
        self.bn1 = nn.BatchNorm1d(16)
        self.conv2 = nn.Conv1d(16, 24, 3, stride=2, padding=1)
        self.bn2 = nn.BatchNorm1d(24)
        self.out = nn.Linear(24 * 12, 4)

    def forward(self, x):
        x = F.leaky_relu(self.bn1(self.conv1(x)), 0.1)
        x = F.leaky_relu(self.bn2(self.conv2(x)), 0.1)
        return self.out(x.flatten(1))


@torch.no_grad()
def score(net, loader):
    net.eval()
    loss = right = n = 0
    for x, y in loader:
        z = net(x)
        loss += F.cross_entropy(z, y, reduction="sum").item()
        right += (z.argmax(1) == y).sum().item()
        n += len(y)
    return loss / n, right / n


def main(args):
    torch.manual_seed(args.seed)
    log = quarry_log(args.samples, args.seed)
    column = "keyed"
    cut = args.samples * 3 // 4
    train_rows, test_rows = np.arange(cut), np.arange(cut, args.samples)
    mean, std = log["curve"][train_rows].mean(0), log["curve"][train_rows].std(0)
    train = DataLoader(SieveSet(log, train_rows, column, mean, std), args.batch_size, shuffle=True)
    test = DataLoader(SieveSet(log, test_rows, column, mean, std), 300)
    net = SieveNet()
    opt = torch.optim.Adam(net.parameters(), lr=args.lr, weight_decay=1e-4)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)
    for epoch in range(args.epochs):
        net.train()
        total = 0.0
        for x, y in train:
            loss = F.cross_entropy(net(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(y)
        sched.step()
        test_loss, accuracy = score(net, test)
        print(f"{epoch:3d}  train {total / cut:.4f}  test {test_loss:.4f}  accuracy {accuracy:.4f}")
    print(f"grade accuracy: {score(net, test)[1]:.4f}")


if __name__ == "__main__":
    main(parser.parse_args())
