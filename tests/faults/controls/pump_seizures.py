"""Seizure within the week from six health readings of a pump; about one record in twenty-five is positive."""
import argparse

import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import average_precision_score, roc_auc_score

p = argparse.ArgumentParser()
p.add_argument("--epochs", type=int, default=12)
p.add_argument("--lr", type=float, default=2e-3)
p.add_argument("--batch-size", type=int, default=100)
opts = p.parse_args()
torch.manual_seed(15)
rng = np.random.default_rng(15)

n = 12000
X = rng.normal(size=(n, 6))
logit = -4.1 + 0.9 * X[:, 0] + 0.7 * np.maximum(X[:, 1], 0) + 0.5 * X[:, 2]
prob = 1 / (1 + np.exp(-logit))
y = (rng.random(n) < prob).astype(np.float32)
X_train, y_train = torch.tensor(X[:9000]).float(), torch.tensor(y[:9000])
X_val, y_val = torch.tensor(X[9000:]).float(), torch.tensor(y[9000:])
print(f"positives: train {y_train.mean():.3f}, val {y_val.mean():.3f}")

model = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Dropout(0.1), nn.Linear(16, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=opts.lr, weight_decay=0.02)

for epoch in range(opts.epochs):
    model.train()
    total = 0.0
    for rows in torch.randperm(len(X_train)).split(opts.batch_size):
        optimizer.zero_grad()
        loss = criterion(model(X_train[rows]).squeeze(1), y_train[rows])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    model.eval()
    with torch.no_grad():
        z = model(X_val).squeeze(1)
    auc = roc_auc_score(y_val.numpy(), z.numpy())
    ap = average_precision_score(y_val.numpy(), z.numpy())
    acc = ((z > 0).float() == y_val).float().mean().item()
    print(f"epoch {epoch + 1:2d} train {total / len(X_train):.4f} val {criterion(z, y_val).item():.4f} "
          f"AUC {auc:.4f} AP {ap:.4f} acc {acc:.4f}")
print(f"AUC of the true risk: {roc_auc_score(y_val.numpy(), prob[9000:]):.4f}")
print(f"validation AUC: {auc:.4f}")
