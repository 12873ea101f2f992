"""Numerals from scanned ledgers, one folder of crops per numeral."""
import argparse

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, Dataset


class LedgerNumerals(Dataset):
    def __init__(self, part, holdout=5):
        images, labels = load_digits(return_X_y=True)
        images = images.reshape(-1, 1, 8, 8).astype(np.float32) / 16.0
        self.crops, self.numerals = [], []
        for numeral in range(10):
            folder = images[labels == numeral]
            for k, crop in enumerate(folder):
                if (k % holdout == 0) == (part == "test"):
                    self.crops.append(torch.from_numpy((crop - 0.305) / 0.376))
                    self.numerals.append(numeral)

    def __len__(self):
        return len(self.crops)

    def __getitem__(self, i):
        return self.crops[i], self.numerals[i]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(32 * 16, 10))

    def forward(self, x):
        return self.head(self.body(x))


def accuracy(net, loader):
    net.eval()
    right = 0
    with torch.no_grad():
        for x, y in loader:
            right += (net(x).argmax(dim=1) == y).sum().item()
    return right / len(loader.dataset)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=8)
    args = parser.parse_args()
    torch.manual_seed(args.seed)

    train_set, test_set = LedgerNumerals("train"), LedgerNumerals("test")
    train_loader = DataLoader(train_set, batch_size=args.batch_size)
    test_loader = DataLoader(test_set, batch_size=256)
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=args.lr)
    criterion = nn.CrossEntropyLoss()

    for epoch in range(args.epochs):
        net.train()
        loss_sum = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(y)
        print(f"[{epoch + 1}/{args.epochs}] train loss {loss_sum / len(train_set):.4f} "
              f"test accuracy {accuracy(net, test_loader):.4f}")


if __name__ == "__main__":
    main()
