"""A 16-block residual tower without normalisation: every block ends in a gate that starts at zero, and so does the head,
so the network starts as the identity and the first loss is log(classes)."""
import argparse

import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--blocks", type=int, default=16)
parser.add_argument("--width", type=int, default=32)
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--lr", type=float, default=2e-3)
opt = parser.parse_args()
torch.manual_seed(44)


class GatedBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.lin1 = nn.Linear(width, width)
        self.lin2 = nn.Linear(width, width)
        self.gate = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return x + self.gate * self.lin2(torch.relu(self.lin1(x)))


class Tower(nn.Module):
    def __init__(self, n_in, width, n_blocks, n_out):
        super().__init__()
        self.stem = nn.Linear(n_in, width)
        self.blocks = nn.ModuleList([GatedBlock(width) for _ in range(n_blocks)])
        self.head = nn.Linear(width, n_out)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x):
        h = self.stem(x)
        for block in self.blocks:
            h = block(h)
        return self.head(h)


X, y = make_classification(n_samples=5000, n_features=16, n_informative=8, n_redundant=2, n_classes=4,
                           n_clusters_per_class=2, class_sep=1.8, flip_y=0.0, random_state=7)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y)
X = (X - X[:4000].mean(0)) / X[:4000].std(0)
train = DataLoader(TensorDataset(X[:4000], y[:4000]), batch_size=100, shuffle=True)
X_test, y_test = X[4000:], y[4000:]

tower = Tower(16, opt.width, opt.blocks, 4)
optimizer = torch.optim.AdamW(tower.parameters(), lr=opt.lr, weight_decay=0.05)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, opt.lr, total_steps=opt.epochs * len(train))
loss_fn = nn.CrossEntropyLoss()
for epoch in range(opt.epochs):
    tower.train()
    total = 0.0
    for xb, yb in train:
        loss = loss_fn(tower(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item()
    tower.eval()
    with torch.no_grad():
        out = tower(X_test)
        test_loss = loss_fn(out, y_test).item()
        acc = (out.argmax(1) == y_test).float().mean().item()
    gates = torch.stack([b.gate.abs() for b in tower.blocks]).mean().item()
    print(f"epoch {epoch + 1:2d} train {total / len(train):.4f} test {test_loss:.4f} acc {acc:.4f} mean gate {gates:.3f}")

print(f"test accuracy: {acc:.4f}")
