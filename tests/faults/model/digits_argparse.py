import argparse

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, Dataset


class DigitsDataset(Dataset):
    def __init__(self, images, labels):
        self.images = (images / 16.0 - 0.3).astype(np.float32)
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return torch.from_numpy(self.images[i]).flatten(), int(self.labels[i])


def parse():
    p = argparse.ArgumentParser(description="digits")
    p.add_argument("--hidden", type=int, default=3)
    p.add_argument("--epochs", type=int, default=20)
    p.add_argument("--batch-size", type=int, default=48)
    p.add_argument("--lr", type=float, default=3e-3)
    p.add_argument("--seed", type=int, default=0)
    return p.parse_args()


def run(args):
    torch.manual_seed(args.seed)
    d = load_digits()
    tr_x, te_x, tr_y, te_y = train_test_split(d.images, d.target, test_size=0.2, random_state=7)
    train = DataLoader(DigitsDataset(tr_x, tr_y), args.batch_size, shuffle=True)
    test = DataLoader(DigitsDataset(te_x, te_y), 360)
    net = nn.Sequential(nn.Linear(64, args.hidden), nn.ReLU(), nn.Linear(args.hidden, 10))
    opt = torch.optim.Adam(net.parameters(), lr=args.lr)
    ce = nn.CrossEntropyLoss()
    for epoch in range(args.epochs):
        net.train()
        for x, y in train:
            opt.zero_grad()
            ce(net(x), y).backward()
            opt.step()
    net.eval()
    for name, dl in (("train", train), ("test", test)):
        with torch.no_grad():
            right = sum((net(x).argmax(1) == y).sum().item() for x, y in dl)
        print(f"{name} accuracy: {right / len(dl.dataset):.4f}")


run(parse())
