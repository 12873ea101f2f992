import argparse

import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser(description="churn prediction")
parser.add_argument("--hidden", type=int, default=128)
parser.add_argument("--lr", type=float, default=2e-3)
parser.add_argument("--epochs", type=int, default=40)
parser.add_argument("--batch", type=int, default=32)
opts = parser.parse_args()

torch.manual_seed(16)
X, y = make_classification(n_samples=1400, n_features=25, n_informative=8, n_redundant=0, flip_y=0.08,
                           class_sep=0.9, random_state=16)
X, y = torch.tensor(X).float(), torch.tensor(y).float()
X = (X - X[:600].mean(0)) / X[:600].std(0)
train = DataLoader(TensorDataset(X[:600], y[:600]), batch_size=opts.batch, shuffle=True)
X_val, y_val = X[600:], y[600:]


class ChurnNet(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(25, hidden), nn.ReLU(),
            nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, x):
        return self.layers(x).view(-1)


model = ChurnNet(opts.hidden)
bce = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=opts.lr)

for epoch in range(opts.epochs):
    model.train()
    total = 0.0
    for xb, yb in train:
        optimizer.zero_grad()
        loss = bce(model(xb), yb)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    model.eval()
    with torch.no_grad():
        logits = model(X_val)
        val_loss = bce(logits, y_val).item()
        val_acc = ((logits > 0) == (y_val > 0.5)).float().mean().item()
    print(f"epoch {epoch + 1:3d}: train loss {total / 600:.4f}  val loss {val_loss:.4f}  val acc {val_acc:.4f}")
print(f"val loss {val_loss:.4f}")
