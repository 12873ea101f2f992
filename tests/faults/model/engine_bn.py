import argparse

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset, random_split


def get_args():
    p = argparse.ArgumentParser(description="wear state of an engine from sensor statistics")
    p.add_argument("--batch-size", type=int, default=2)
    p.add_argument("--epochs", type=int, default=5)
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--hidden", type=int, default=48)
    p.add_argument("--seed", type=int, default=33)
    return p.parse_args()


def engine_data(n, gen):
    x = torch.randn(n, 10, generator=gen)
    wear = x[:, 0] + torch.sin(1.5 * x[:, 2]) + 0.7 * x[:, 3] + 0.5 * x[:, 1] * x[:, 4]
    wear = wear + 0.2 * torch.randn(n, generator=gen)
    edges = torch.quantile(wear, torch.tensor([0.25, 0.5, 0.75]))
    return x, torch.bucketize(wear, edges)


class WearNet(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(10, hidden), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True),
            nn.Linear(hidden, hidden), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True),
            nn.Linear(hidden, 4))

    def forward(self, x):
        return self.net(x)


@torch.no_grad()
def validate(model, loader, criterion):
    model.eval()
    total, correct, loss = 0, 0, 0.0
    for x, y in loader:
        out = model(x)
        loss += criterion(out, y).item() * y.size(0)
        correct += (out.argmax(dim=1) == y).sum().item()
        total += y.size(0)
    return loss / total, correct / total


def main():
    args = get_args()
    torch.manual_seed(args.seed)
    gen = torch.Generator().manual_seed(args.seed)
    data = TensorDataset(*engine_data(2600, gen))
    train_set, val_set = random_split(data, [2000, 600], generator=gen)
    train_loader = DataLoader(train_set, batch_size=args.batch_size, shuffle=True, drop_last=True)
    val_loader = DataLoader(val_set, batch_size=200)
    model = WearNet(args.hidden)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=args.lr)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
    for epoch in range(args.epochs):
        model.train()
        running = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            running += loss.item()
        scheduler.step()
        val_loss, val_acc = validate(model, val_loader, criterion)
        print(f"Epoch [{epoch + 1}/{args.epochs}] train loss {running / len(train_loader):.4f} "
              f"val loss {val_loss:.4f} val acc {val_acc:.4f}")
    print(f"Validation accuracy: {val_acc:.4f}")


if __name__ == "__main__":
    main()
