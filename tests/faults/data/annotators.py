"""Train on crowd labels, evaluate on expert labels."""
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

np.random.seed(7)
torch.manual_seed(7)


def collect_votes(expert, n_workers=5, reliability=(0.97, 0.55, 0.9, 0.93, 0.95)):
    """each worker answers correctly with own reliability, otherwise picks a similar digit"""
    similar = np.array([6, 7, 7, 8, 9, 6, 8, 1, 3, 4])
    votes = {}
    for w in range(n_workers):
        right = np.random.rand(len(expert)) < reliability[w]
        votes[f"worker_{w}"] = np.where(right, expert, similar[expert])
    return pd.DataFrame(votes)


class DigitsMLP(nn.Module):
    def __init__(self, width=40):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Dropout(0.3), nn.Linear(width, 10))

    def forward(self, x):
        return self.net(x)


X, expert = load_digits(return_X_y=True)
X = (X - X.mean()) / X.std()
table = collect_votes(expert)
table["expert"] = expert
order = np.random.permutation(len(X))
train_rows, test_rows = order[:1350], order[1350:]

crowd = table["worker_1"]
X_train = torch.tensor(X[train_rows], dtype=torch.float32)
y_train = torch.tensor(crowd.values[train_rows])
X_test = torch.tensor(X[test_rows], dtype=torch.float32)
y_test = torch.tensor(table["expert"].values[test_rows])

model = DigitsMLP()
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
n_epochs, batch_size = 15, 45
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_epochs)
for epoch in range(n_epochs):
    model.train()
    shuffled = torch.randperm(len(X_train))
    loss_sum = hit = 0
    for start in range(0, len(X_train), batch_size):
        rows = shuffled[start:start + batch_size]
        out = model(X_train[rows])
        loss = loss_fn(out, y_train[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(rows)
        hit += (out.argmax(1) == y_train[rows]).sum().item()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        test_acc = (model(X_test).argmax(1) == y_test).float().mean().item()
    print(f"{epoch:2d} train loss {loss_sum / len(X_train):.3f} train acc {hit / len(X_train):.3f} "
          f"expert accuracy {test_acc:.4f}")
