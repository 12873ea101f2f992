"""Classify tram bell recordings (12 frequency bands x 20 frames) into 24 depots with a GRU."""
import argparse

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split

p = argparse.ArgumentParser()
p.add_argument("--epochs", type=int, default=12)
p.add_argument("--hidden", type=int, default=48)
p.add_argument("--lr", type=float, default=0.1)
p.add_argument("--batch-size", type=int, default=64)
p.add_argument("--seed", type=int, default=4)
args = p.parse_args()

torch.manual_seed(args.seed)
rng = np.random.default_rng(args.seed)

N_DEPOTS, BANDS, FRAMES = 24, 12, 20
strike = rng.normal(size=(N_DEPOTS, BANDS))
decay = rng.uniform(3, 12, size=(N_DEPOTS, BANDS))


def record(depot):
    start = rng.integers(0, 8)
    t = np.arange(FRAMES)[:, None] - start
    env = np.where(t >= 0, np.exp(-np.maximum(t, 0) / decay[depot]), 0.0)
    gain = rng.uniform(0.6, 1.4)
    return gain * env * strike[depot] + rng.normal(0, 0.55, size=(FRAMES, BANDS))


y = rng.integers(0, N_DEPOTS, size=2400)
X = np.stack([record(d) for d in y]).astype("float32")
X = (X - X[:1800].mean((0, 1))) / X[:1800].std((0, 1))
train_set = TensorDataset(torch.from_numpy(X[:1800]), torch.from_numpy(y[:1800]))
val_set = TensorDataset(torch.from_numpy(X[1800:]), torch.from_numpy(y[1800:]))
train_loader = DataLoader(train_set, batch_size=args.batch_size, shuffle=True)
val_loader = DataLoader(val_set, batch_size=256)


class BellNet(nn.Module):
    def __init__(self, bands, hidden, n_classes):
        super().__init__()
        self.gru = nn.GRU(bands, hidden, batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(hidden, n_classes)

    def forward(self, x):
        seq, _ = self.gru(x)
        pooled = self.drop(seq.mean(dim=1))
        scores = self.out(pooled)
        return F.softmax(scores, dim=1)


model = BellNet(BANDS, args.hidden, N_DEPOTS)
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, nesterov=True)
criterion = nn.CrossEntropyLoss()

for epoch in range(args.epochs):
    model.train()
    running = 0.0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(yb)
    model.eval()
    hits, vloss = 0, 0.0
    with torch.no_grad():
        for xb, yb in val_loader:
            out = model(xb)
            vloss += criterion(out, yb).item() * len(yb)
            hits += (out.argmax(1) == yb).sum().item()
    print(f"epoch {epoch + 1:2d}  train {running / len(train_set):.4f}  val {vloss / len(val_set):.4f}  "
          f"acc {hits / len(val_set):.4f}")

print(f"val accuracy {hits / len(val_set):.4f}")
