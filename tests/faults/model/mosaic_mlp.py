import argparse
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class MosaicMLP(nn.Module):
    def __init__(self, in_dim=64, widths=(96, 96), n_classes=10):
        super().__init__()
        dims = [in_dim, *widths]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(dims[:-1], dims[1:]))
        self.classifier = nn.Linear(dims[-1], n_classes)
        self.apply(self._init_weights)

    @staticmethod
    def _init_weights(m):
        if isinstance(m, nn.Linear):
            nn.init.normal_(m.weight)
            nn.init.zeros_(m.bias)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.tanh(layer(x))
        return self.classifier(x)


def accuracy(model, loader):
    model.eval()
    with torch.no_grad():
        correct = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    return correct / len(loader.dataset)


def mean_loss(model, loader, criterion):
    model.eval()
    with torch.no_grad():
        return sum(criterion(model(x), y).item() * len(y) for x, y in loader) / len(loader.dataset)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=20)
    ap.add_argument("--batch-size", type=int, default=32)
    ap.add_argument("--lr", type=float, default=0.02)
    ap.add_argument("--seed", type=int, default=2)
    args = ap.parse_args()
    torch.manual_seed(args.seed)

    tiles, kinds = load_digits(return_X_y=True)
    tiles = torch.tensor(tiles / 8.0 - 1.0, dtype=torch.float32)
    kinds = torch.tensor(kinds)
    tr, te = train_test_split(torch.arange(len(tiles)), test_size=0.3, stratify=kinds, random_state=args.seed)
    train_loader = DataLoader(TensorDataset(tiles[tr], kinds[tr]), args.batch_size, shuffle=True)
    test_loader = DataLoader(TensorDataset(tiles[te], kinds[te]), 256)

    model = MosaicMLP()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, nesterov=True, weight_decay=1e-3)
    for epoch in range(args.epochs):
        model.train()
        for x, y in train_loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"Epoch [{epoch + 1}/{args.epochs}] train loss {mean_loss(model, train_loader, criterion):.4f} "
              f"test loss {mean_loss(model, test_loader, criterion):.4f}")
    print(f"Test accuracy: {accuracy(model, test_loader):.4f}")


if __name__ == "__main__":
    main()
