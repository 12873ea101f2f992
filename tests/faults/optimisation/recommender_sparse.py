"""Predict ratings from (reader, book) pairs; sparse embedding tables next to a dense head."""
import argparse

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def build_ratings(readers, books, n, seed):
    rng = np.random.default_rng(seed)
    taste, content = rng.normal(size=(readers, 4)), rng.normal(size=(books, 4))
    kindness, fame = 0.6 * rng.normal(size=readers), 0.6 * rng.normal(size=books)
    u, b = rng.integers(0, readers, n), rng.integers(0, books, n)
    r = 0.5 * (taste[u] * content[b]).sum(1) + kindness[u] + fame[b] + 0.4 * rng.normal(size=n)
    r = (r - r.mean()) / r.std()
    return torch.from_numpy(u), torch.from_numpy(b), torch.from_numpy(r).float()


class Recommender(nn.Module):
    def __init__(self, readers, books, dim):
        super().__init__()
        self.reader_table = nn.Embedding(readers, dim, sparse=True)
        self.book_table = nn.Embedding(books, dim, sparse=True)
        nn.init.normal_(self.reader_table.weight, std=0.3)
        nn.init.normal_(self.book_table.weight, std=0.3)
        self.head = nn.Sequential(nn.Linear(3 * dim, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, u, b):
        p, q = self.reader_table(u), self.book_table(b)
        return self.head(torch.cat([p, q, p * q], 1)).squeeze(1)


def evaluate(model, loader):
    model.eval()
    with torch.no_grad():
        se = sum(((model(u, b) - r) ** 2).sum().item() for u, b, r in loader)
    return (se / len(loader.dataset)) ** 0.5


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--dim", type=int, default=8)
    p.add_argument("--epochs", type=int, default=16)
    p.add_argument("--seed", type=int, default=6)
    args = p.parse_args()
    torch.manual_seed(args.seed)
    u, b, r = build_ratings(60, 80, 16000, args.seed)
    n = 13000
    train_loader = DataLoader(TensorDataset(u[:n], b[:n], r[:n]), batch_size=100, shuffle=True)
    test_loader = DataLoader(TensorDataset(u[n:], b[n:], r[n:]), batch_size=1000)
    model = Recommender(60, 80, args.dim)
    tables = [model.reader_table.weight, model.book_table.weight]
    sparse_opt = torch.optim.SparseAdam(tables, lr=1e-2)
    dense_opt = torch.optim.Adam(model.head.parameters(), lr=3e-3)
    mse = nn.MSELoss()
    for epoch in range(args.epochs):
        model.train()
        total = 0.0
        for ub, bb, rb in train_loader:
            sparse_opt.zero_grad()
            dense_opt.zero_grad()
            loss = mse(model(ub, bb), rb)
            loss.backward()
            dense_opt.step()
            total += loss.item()
        print(f"epoch {epoch} train rmse {(total / len(train_loader)) ** 0.5:.4f} test rmse {evaluate(model, test_loader):.4f}")
    print(f"final test rmse: {evaluate(model, test_loader):.4f}")


if __name__ == "__main__":
    main()
