import argparse

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset, random_split


class CranePoses(Dataset):
    """Slew, luff and telescope commands -> hook position (two coordinates, unit variance)."""

    def __init__(self, n, generator):
        u = torch.rand(n, 3, generator=generator) * 2 - 1
        slew, luff, tele = 2.2 * u[:, 0], 0.8 + 0.6 * u[:, 1], 2.0 + u[:, 2]
        reach = tele * torch.cos(luff)
        pos = torch.stack([reach * torch.cos(slew), reach * torch.sin(slew)], dim=1)
        pos = pos + 0.03 * torch.randn(n, 2, generator=generator)
        self.x = u / 0.577
        self.y = (pos - pos.mean(0)) / pos.std(0)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


def build_model(hidden):
    return nn.Sequential(
        nn.Linear(3, hidden), nn.GELU(),
        nn.Linear(hidden, hidden), nn.GELU(),
        nn.Linear(hidden, 2),
    )


def evaluate(model, loader):
    model.eval()
    err = tot = 0.0
    with torch.no_grad():
        for x, y in loader:
            err += ((model(x) - y) ** 2).sum().item()
            tot += (y ** 2).sum().item()
    return 1 - err / tot


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hidden", type=int, default=3)
    parser.add_argument("--lr", type=float, default=5e-3)
    parser.add_argument("--epochs", type=int, default=45)
    args = parser.parse_args()

    torch.manual_seed(40)
    data = CranePoses(2400, torch.Generator().manual_seed(40))
    train_set, test_set = random_split(data, [1800, 600])
    train_loader = DataLoader(train_set, batch_size=60, shuffle=True)
    test_loader = DataLoader(test_set, batch_size=300)

    model = build_model(args.hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
    criterion = nn.MSELoss()
    for epoch in range(args.epochs):
        model.train()
        total = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        if (epoch + 1) % 5 == 0:
            print(f"epoch {epoch + 1}  train mse {total / len(train_loader):.4f}  test R2 {evaluate(model, test_loader):.4f}")
    print(f"test R2 {evaluate(model, test_loader):.4f}")


if __name__ == "__main__":
    main()
