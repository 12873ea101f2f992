"""Three spiral arms, told apart by a small network."""
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def spirals(n_per_arm, arms=3, noise=0.1):
    radius = torch.rand(arms, n_per_arm).sqrt()
    angle = 4.0 * radius + 2 * torch.pi * torch.arange(arms).unsqueeze(1) / arms + noise * torch.randn(arms, n_per_arm)
    points = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=-1).reshape(-1, 2)
    return points / points.std(), torch.arange(arms).repeat_interleave(n_per_arm)


def evaluate(net, loader):
    net.eval()
    hits, loss, n = 0, 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            out = net(x)
            loss += nn.functional.cross_entropy(out, y, reduction="sum").item()
            hits += (out.argmax(1) == y).sum().item()
            n += len(y)
    return loss / n, hits / n


def main(args):
    torch.manual_seed(args.seed)
    train = DataLoader(TensorDataset(*spirals(500)), batch_size=args.batch_size, shuffle=True)
    test = DataLoader(TensorDataset(*spirals(200)), batch_size=300)
    net = nn.Sequential(nn.Linear(2, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 3))
    optimizer = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=args.momentum)
    for epoch in range(1, args.epochs + 1):
        net.train()
        for x, y in train:
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
        if epoch % 5 == 0:
            loss, acc = evaluate(net, test)
            print(f"epoch {epoch:3d}: test loss {loss:.4f}, test accuracy {acc:.4f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--momentum", type=float, default=0.998)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    main(parser.parse_args())
