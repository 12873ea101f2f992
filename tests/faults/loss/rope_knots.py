import argparse
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset


class KnotNet(nn.Module):
    def __init__(self, n_features, n_classes, width=64):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(n_features, width), nn.LeakyReLU(0.1),
            nn.Linear(width, width), nn.LeakyReLU(0.1))
        self.out = nn.Linear(width, n_classes)

    def forward(self, x):
        h = self.body(x)
        return self.out(h).softmax(dim=-1)


def run_epoch(model, loader, criterion, optimizer=None):
    model.train(optimizer is not None)
    total, correct, n = 0.0, 0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for x, y in loader:
            out = model(x)
            loss = criterion(out, y)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * len(y)
            correct += (out.argmax(1) == y).sum().item()
            n += len(y)
    return total / n, correct / n


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=10)
    p.add_argument("--lr", type=float, default=0.08)
    p.add_argument("--batch-size", type=int, default=64)
    args = p.parse_args()
    torch.manual_seed(7)

    X, y = make_classification(n_samples=9000, n_features=24, n_informative=16, n_redundant=4, n_classes=16,
                               n_clusters_per_class=1, class_sep=1.9, flip_y=0.0, random_state=7)
    Xtr, Xva, ytr, yva = train_test_split(X, y, test_size=0.25, stratify=y, random_state=7)
    sc = StandardScaler().fit(Xtr)
    to = lambda a, b: TensorDataset(torch.tensor(sc.transform(a), dtype=torch.float32), torch.tensor(b))
    train_loader = DataLoader(to(Xtr, ytr), batch_size=args.batch_size, shuffle=True)
    val_loader = DataLoader(to(Xva, yva), batch_size=256)

    model = KnotNet(24, 16)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
    for epoch in range(args.epochs):
        tl, ta = run_epoch(model, train_loader, criterion, optimizer)
        vl, va = run_epoch(model, val_loader, criterion)
        scheduler.step()
        print(f"epoch {epoch + 1:2d}  train {tl:.4f} / {ta:.4f}  val {vl:.4f} / {va:.4f}")
    print(f"final val acc {va:.4f}")


if __name__ == "__main__":
    main()
