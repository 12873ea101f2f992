import argparse

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import StratifiedShuffleSplit
from torch.utils.data import DataLoader, TensorDataset

ap = argparse.ArgumentParser()
ap.add_argument("--batch-size", type=int, default=64)
ap.add_argument("--epochs", type=int, default=30)
ap.add_argument("--lr", type=float, default=0.02)
ap.add_argument("--hidden", type=int, default=16)
args = ap.parse_args()
torch.manual_seed(101)

X, y = load_breast_cancer(return_X_y=True)
train_idx, test_idx = next(StratifiedShuffleSplit(1, test_size=0.25, random_state=4).split(X, y))
X = np.log(X + 1e-2)
X = (X - X[train_idx].mean(0)) / X[train_idx].std(0)
X, y = torch.from_numpy(X).float(), torch.from_numpy(y).float()
train_loader = DataLoader(TensorDataset(X[train_idx], y[train_idx]), batch_size=args.batch_size, shuffle=True,
                          drop_last=True)
test_loader = DataLoader(TensorDataset(X[test_idx], y[test_idx]), batch_size=args.batch_size)


class Screener(nn.Module):
    def __init__(self, n_features, hidden):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_features, hidden), nn.Tanh(), nn.Dropout(0.1), nn.Linear(hidden, 1))

    def forward(self, x):
        return self.layers(x).squeeze(-1)


def train(model, loader, criterion, optimizer):
    model.train()
    total_loss = 0.0
    for x, target in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), target)
        loss.backward()
        optimizer.step()
        total_loss += loss.item()
    return total_loss / len(loader)


def test(model, loader, criterion):
    model.eval()
    total_loss, correct, total = 0.0, 0, 0
    with torch.no_grad():
        for x, target in loader:
            out = model(x)
            total_loss += criterion(out, target).item()
            correct += ((out > 0).float() == target).sum().item()
            total += args.batch_size
    return total_loss / len(loader), correct / total


model = Screener(X.shape[1], args.hidden)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=5e-3)
for epoch in range(1, args.epochs + 1):
    tr = train(model, train_loader, criterion, optimizer)
    te, acc = test(model, test_loader, criterion)
    if epoch % 3 == 0:
        print(f"Epoch {epoch}: train loss {tr:.4f}, test loss {te:.4f}, test accuracy {acc:.2%}")
print(f"Test accuracy: {acc:.4f}")
