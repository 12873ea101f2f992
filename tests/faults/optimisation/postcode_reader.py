import argparse

import torch
from torch import nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset


def get_args():
    p = argparse.ArgumentParser(description="digit reader for the sorting machine")
    p.add_argument("--lr", type=float, default=3e-5)
    p.add_argument("--batch-size", type=int, default=32)
    p.add_argument("--epochs", type=int, default=14)
    p.add_argument("--wd", type=float, default=0.01)
    p.add_argument("--seed", type=int, default=1)
    return p.parse_args()


class ConvBlock(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.norm = nn.GroupNorm(4, c_out)
        self.act = nn.LeakyReLU(0.1)

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(ConvBlock(1, 12), nn.MaxPool2d(2), ConvBlock(12, 24), nn.MaxPool2d(2))
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(24 * 4, 10))

    def forward(self, x):
        return self.head(self.body(x))


def loaders(batch_size):
    X, y = load_digits(return_X_y=True)
    X = torch.tensor(X, dtype=torch.float32).view(-1, 1, 8, 8) / 16.0
    y = torch.tensor(y)
    a, b = train_test_split(range(len(y)), test_size=0.25, random_state=0, stratify=y)
    X = (X - X[a].mean()) / X[a].std()
    train = TensorDataset(X[a], y[a])
    test = TensorDataset(X[b], y[b])
    return DataLoader(train, batch_size, shuffle=True), DataLoader(test, 256)


def main():
    args = get_args()
    torch.manual_seed(args.seed)
    train_dl, test_dl = loaders(args.batch_size)
    model = Reader()
    opt = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=args.wd)
    loss_fn = nn.CrossEntropyLoss()
    for ep in range(args.epochs):
        model.train()
        tot, n = 0.0, 0
        for xb, yb in train_dl:
            opt.zero_grad(set_to_none=True)
            loss = loss_fn(model(xb), yb)
            loss.backward()
            opt.step()
            tot, n = tot + loss.item() * len(yb), n + len(yb)
        model.eval()
        with torch.no_grad():
            ok = sum((model(xb).argmax(-1) == yb).sum().item() for xb, yb in test_dl)
        acc = ok / len(test_dl.dataset)
        print(f"ep {ep + 1:2d}/{args.epochs}  loss {tot / n:.4f}  test {acc:.4f}")
    print(f"Test accuracy {acc:.4f}")


if __name__ == "__main__":
    main()
