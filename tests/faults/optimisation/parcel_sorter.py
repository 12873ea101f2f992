import argparse
import torch
import torch.nn as nn
from sklearn.datasets import make_blobs
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=10)
    p.add_argument("--batch-size", type=int, default=50)
    p.add_argument("--lr", type=float, default=0.01)
    p.add_argument("--amp", action="store_true", help="bfloat16 autocast with a gradient scaler")
    return p.parse_args()


def loaders(batch_size):
    x, y = make_blobs(n_samples=2400, n_features=6, centers=8, cluster_std=3.2, random_state=40)
    x = torch.tensor(StandardScaler().fit_transform(x), dtype=torch.float32)
    data = TensorDataset(x, torch.tensor(y))
    train, test = torch.utils.data.random_split(data, [1800, 600])
    return DataLoader(train, batch_size, shuffle=True), DataLoader(test, 200)


class Sorter(nn.Module):
    def __init__(self, n_features=6, n_bins=8):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n_features, 40), nn.BatchNorm1d(40), nn.LeakyReLU(0.1), nn.Linear(40, n_bins))

    def forward(self, x):
        return self.net(x)


def train_epoch(model, loader, criterion, optimizer, scaler):
    model.train()
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=scaler is not None):
            loss = criterion(model(x), y)
        if scaler is not None:
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        else:
            optimizer.step()
        total += loss.item() * x.size(0)
    return total / len(loader.dataset)


@torch.no_grad()
def test(model, loader):
    model.eval()
    hits = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    return 100.0 * hits / len(loader.dataset)


def main():
    args = get_args()
    torch.manual_seed(1)
    train_loader, test_loader = loaders(args.batch_size)
    model = Sorter()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=args.lr)
    scaler = torch.amp.GradScaler("cpu") if args.amp else None
    for epoch in range(args.epochs):
        loss = train_epoch(model, train_loader, criterion, optimizer, scaler)
        print(f"epoch {epoch}: loss {loss:.4f}  test accuracy {test(model, test_loader):.2f}%")


if __name__ == "__main__":
    main()
