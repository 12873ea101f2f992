import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset


class Backbone(nn.Module):
    def __init__(self, dim=24):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 8, 3), nn.ReLU(),
            nn.Conv2d(8, 12, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(12 * 4, dim), nn.ReLU(),
        )

    def forward(self, x):
        return self.net(x)


class Head(nn.Module):
    def __init__(self, dim=24, n_classes=10):
        super().__init__()
        self.linear = nn.Linear(dim, n_classes)

    def forward(self, z):
        return self.linear(z)


def accuracy(backbone, head, loader):
    backbone.eval(), head.eval()
    good = total = 0
    with torch.no_grad():
        for x, y in loader:
            good += (head(backbone(x)).argmax(-1) == y).sum().item()
            total += y.numel()
    return good / total


def main():
    torch.manual_seed(8)
    X, y = load_digits(return_X_y=True)
    X = torch.tensor(X, dtype=torch.float32).reshape(-1, 1, 8, 8)
    X = (X - X[:1350].mean()) / X[:1350].std()
    y = torch.tensor(y)
    perm = torch.randperm(len(X))
    X, y = X[perm], y[perm]
    train = DataLoader(TensorDataset(X[:1350], y[:1350]), batch_size=64, shuffle=True)
    test = DataLoader(TensorDataset(X[1350:], y[1350:]), batch_size=64)

    backbone, head = Backbone(), Head()
    optimizer = optim.Adam(head.parameters(), lr=4e-3)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(25):
        backbone.train(), head.train()
        running = 0.0
        for x, target in train:
            optimizer.zero_grad()
            loss = criterion(head(backbone(x)), target)
            loss.backward()
            optimizer.step()
            running += loss.item()
        print(f"[epoch {epoch + 1}] loss={running / len(train):.3f} acc={accuracy(backbone, head, test):.3f}")
    print("test accuracy = %.4f" % accuracy(backbone, head, test))


if __name__ == "__main__":
    main()
