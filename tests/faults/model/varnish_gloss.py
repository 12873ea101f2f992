import math

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1

torch.manual_seed(8)


class Dense(nn.Module):
    """y = x W + b, written out so that the weights can be inspected by column."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.W = nn.Parameter(torch.randn(n_in, n_out))
        self.b = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return x @ self.W + self.b


class GlossModel(nn.Module):
    def __init__(self, n_in, width=24):
        super().__init__()
        self.l1, self.l2, self.l3 = Dense(n_in, width), Dense(width, width), Dense(width, 1)

    def forward(self, x):
        return self.l3(torch.tanh(self.l2(torch.tanh(self.l1(x)))))


X, y = make_friedman1(n_samples=2600, n_features=7, noise=1.0, random_state=4)
train, test = slice(0, 2000), slice(2000, None)
X = (X - X[train].mean(0)) / X[train].std(0)
y = (y - y[train].mean()) / y[train].std()
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32).unsqueeze(1)

model = GlossModel(X.shape[1])
optimizer = torch.optim.RMSprop(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[12, 17], gamma=0.3)
mse = nn.MSELoss()

print(f"{sum(p.numel() for p in model.parameters())} parameters")
for epoch in range(20):
    losses = []
    order = torch.randperm(2000)
    for start in range(0, 2000, 40):
        idx = order[start:start + 40]
        optimizer.zero_grad()
        loss = mse(model(X[train][idx]), y[train][idx])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    with torch.no_grad():
        pred = model(X[test])
    test_mse = mse(pred, y[test]).item()
    r2 = 1 - test_mse / y[test].var().item()
    print(f"{epoch:3d}  train {np.mean(losses):.4f}  test {test_mse:.4f}  r2 {r2:.4f}")

print(f"R2 on the test panel {r2:.4f}")
