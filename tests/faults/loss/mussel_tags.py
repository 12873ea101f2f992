"""Tag each reef photograph descriptor with the species that occur in it (12 possible tags)."""
import argparse

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=25)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--lr", type=float, default=2e-3)
parser.add_argument("--seed", type=int, default=11)
args = parser.parse_args()

torch.manual_seed(args.seed)
rng = np.random.default_rng(args.seed)

N_TAGS, N_FEAT = 12, 40


def make_descriptors(n):
    prior = rng.uniform(0.2, 0.4, size=N_TAGS)
    tags = (rng.random((n, N_TAGS)) < prior).astype(np.float32)
    patterns = rng.normal(size=(N_TAGS, N_FEAT))
    x = tags @ patterns + 1.0 * rng.normal(size=(n, N_FEAT))
    x = (x - x.mean(0)) / x.std(0)
    return x.astype(np.float32), tags


class TagNet(nn.Module):
    def __init__(self, n_in, n_out, width=64):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(n_in, width), nn.ReLU(), nn.Dropout(0.1),
        )
        self.out = nn.Linear(width, n_out)

    def forward(self, x):
        h = self.body(x)
        return torch.sigmoid(self.out(h))


@torch.no_grad()
def evaluate(model, loader, criterion):
    model.eval()
    loss, tp, fp, fn = 0.0, 0.0, 0.0, 0.0
    for xb, yb in loader:
        out = model(xb)
        loss += criterion(out, yb).item() * len(xb)
        pred = (out > 0.5).float()
        tp += (pred * yb).sum().item()
        fp += (pred * (1 - yb)).sum().item()
        fn += ((1 - pred) * yb).sum().item()
    return loss / len(loader.dataset), 2 * tp / (2 * tp + fp + fn + 1e-9)


x, y = make_descriptors(6000)
x, y = torch.from_numpy(x), torch.from_numpy(y)
train_loader = DataLoader(TensorDataset(x[:4500], y[:4500]), batch_size=args.batch_size, shuffle=True)
test_loader = DataLoader(TensorDataset(x[4500:], y[4500:]), batch_size=256)

model = TagNet(N_FEAT, N_TAGS)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)

for epoch in range(1, args.epochs + 1):
    model.train()
    total = 0.0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    test_loss, f1 = evaluate(model, test_loader, criterion)
    if epoch % 5 == 0:
        print(f"epoch {epoch:2d}  train {total / len(train_loader.dataset):.4f}  test {test_loss:.4f}  F1 {f1:.4f}")

print(f"micro F1 on held-out photographs: {f1:.4f}")
