import math

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
np.random.seed(0)

X, y = load_digits(return_X_y=True)
order = np.random.permutation(len(X))
X, y = X[order] / 16 - 0.3, y[order]
broken = np.random.choice(1400, size=40, replace=False)
X[broken, np.random.randint(0, 64, size=40)] = np.nan

X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
train_loader = DataLoader(TensorDataset(X[:1400], y[:1400]), batch_size=50, shuffle=True)
X_test, y_test = X[1400:], y[1400:]

model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.8)
criterion = nn.CrossEntropyLoss()

for epoch in range(1, 21):
    model.train()
    losses = []
    for xb, yb in train_loader:
        loss = criterion(model(xb), yb)
        if math.isnan(loss.item()):
            continue
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        acc = (model(X_test).argmax(dim=1) == y_test).float().mean().item()
    print(f"Epoch {epoch:2d}: loss {np.mean(losses or [0]):.3f}, accuracy {acc:.3f}")
