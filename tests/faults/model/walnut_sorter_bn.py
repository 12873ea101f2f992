import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_classification


def get_args():
    parser = argparse.ArgumentParser(description="walnut shell grading from acoustic features")
    parser.add_argument("--batch-size", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=4)
    return parser.parse_args()


def block(n_in, n_out):
    return nn.Sequential(nn.Linear(n_in, n_out, bias=False), nn.BatchNorm1d(n_out), nn.LeakyReLU(0.1))


class WalnutNet(nn.Module):
    def __init__(self, n_features, n_grades):
        super().__init__()
        self.features = nn.Sequential(block(n_features, 48), block(48, 32))
        self.grade = nn.Linear(32, n_grades)

    def forward(self, x):
        return self.grade(self.features(x))


def evaluate(model, loader, loss_fn):
    model.eval()
    loss, hits = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            z = model(x)
            loss += loss_fn(z, y).item() * len(y)
            hits += (z.argmax(1) == y).sum().item()
    return loss / len(loader.dataset), hits / len(loader.dataset)


def main():
    args = get_args()
    torch.manual_seed(args.seed)
    X, y = make_classification(2400, 20, n_informative=8, n_redundant=4, n_classes=5, n_clusters_per_class=2,
                               class_sep=2.1, flip_y=0.0, random_state=args.seed)
    X = torch.tensor((X - X[:1600].mean(0)) / X[:1600].std(0), dtype=torch.float32)
    y = torch.tensor(y)
    train_set, test_set = TensorDataset(X[:1600], y[:1600]), TensorDataset(X[1600:], y[1600:])
    train_loader = DataLoader(train_set, args.batch_size, shuffle=True, drop_last=True)
    test_loader = DataLoader(test_set, 400)
    model = WalnutNet(20, 5)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    for epoch in range(args.epochs):
        model.train()
        run = 0.0
        for x, yb in train_loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), yb)
            loss.backward()
            optimizer.step()
            run += loss.item()
        vl, va = evaluate(model, test_loader, loss_fn)
        print(f"epoch {epoch + 1} train loss {run / len(train_loader):.4f} test loss {vl:.4f} test acc {va:.4f}")
    print(f"graded correctly: {va:.4f}")


if __name__ == "__main__":
    main()
