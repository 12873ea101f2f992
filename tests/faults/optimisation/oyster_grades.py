import argparse
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader

SHIFTS = ([0, 1, 2, 3, 4], [2, 4, 1, 0, 3], [3, 0, 4, 2, 1])


class Spectra(Dataset):
    """Reflectance spectra of oyster shells, five grades."""

    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        wave = np.linspace(0, 1, 64)
        self.items = []
        for _ in range(n):
            grade = int(rng.choice(5, p=[0.40, 0.30, 0.15, 0.10, 0.05]))
            base = 0.5 + 0.2 * np.sin(2 * np.pi * (wave + rng.uniform()))
            for k, depth in enumerate((0.30, 0.22, 0.26)):
                centre = 0.2 + 0.28 * k + 0.03 * (SHIFTS[k][grade] - 2) + rng.normal(0, 0.026)
                base = base - depth * np.exp(-((wave - centre) / 0.035) ** 2)
            base = base + rng.normal(0, 0.04, 64)
            self.items.append((torch.tensor(base, dtype=torch.float32).unsqueeze(0), grade))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


class ShellNet(nn.Module):
    def __init__(self, grades=5):
        super().__init__()
        self.c1 = nn.Conv1d(1, 16, 7, padding=3)
        self.c2 = nn.Conv1d(16, 24, 5, stride=2, padding=2)
        self.fc = nn.Linear(24 * 32, grades)

    def forward(self, x):
        x = torch.relu(self.c1((x - 0.4) / 0.2))
        x = torch.relu(self.c2(x))
        return self.fc(x.flatten(1))


def assess(net, loader):
    net.eval()
    hit = cost = n = 0
    with torch.no_grad():
        for x, y in loader:
            out = net(x)
            hit += (out.argmax(1) == y).sum().item()
            cost += nn.functional.cross_entropy(out, y, reduction="sum").item()
            n += len(y)
    return hit / n, cost / n


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=16)
    ap.add_argument("--lr", type=float, default=0.02)
    ap.add_argument("--momentum", type=float, default=0.9)
    ap.add_argument("--weight-decay", type=float, default=0.3)
    args = ap.parse_args()
    torch.manual_seed(0)
    train = DataLoader(Spectra(3000, 1), batch_size=64, shuffle=True)
    test = DataLoader(Spectra(1000, 2), batch_size=250)
    net = ShellNet()
    opt = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=args.momentum, weight_decay=args.weight_decay)
    sched = torch.optim.lr_scheduler.MultiStepLR(opt, [10, 14], gamma=0.2)
    for epoch in range(args.epochs):
        net.train()
        total = 0.0
        for x, y in train:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
            total += loss.item()
        sched.step()
        acc, cost = assess(net, test)
        print(f"epoch {epoch + 1:2d} | train loss {total / len(train):.4f} | test loss {cost:.4f} | test accuracy {acc:.4f}")


if __name__ == "__main__":
    main()
