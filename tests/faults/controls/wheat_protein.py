"""Grain protein from weather and fertiliser: most of it stays with the soil, which nobody measured."""
import copy

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

rng = np.random.default_rng(16)
torch.manual_seed(16)

n = 4000
nitrogen = rng.uniform(60, 240, n)
rain_may = rng.gamma(5, 12, n)
heat_june = rng.normal(22, 3, n)
sowing = rng.integers(260, 300, n)
previous = rng.integers(0, 3, n)
soil = rng.normal(0, 1.0, n)                       # never in the table
protein = 12 + 0.9 * np.tanh((nitrogen - 130) / 60) - 0.008 * (rain_may - 60) + 0.12 * (heat_june - 22)
protein += np.array([0.0, 0.4, -0.2])[previous] + 1.1 * soil
table = np.column_stack([nitrogen, rain_may, heat_june, sowing, np.eye(3)[previous]])

X = torch.tensor(table, dtype=torch.float32)
y = torch.tensor(protein, dtype=torch.float32).unsqueeze(1)
train_idx, val_idx, test_idx = (torch.tensor(list(s.indices)) for s in random_split(range(n), [2800, 600, 600]))
x_mean, x_std = X[train_idx].mean(0), X[train_idx].std(0)
y_mean, y_std = y[train_idx].mean(), y[train_idx].std()
X, y = (X - x_mean) / x_std, (y - y_mean) / y_std

loader = DataLoader(TensorDataset(X[train_idx], y[train_idx]), batch_size=64, shuffle=True)
net = nn.Sequential(nn.Linear(X.shape[1], 24), nn.GELU(), nn.Dropout(0.1), nn.Linear(24, 1))
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-2)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.3, patience=3)
mse = nn.MSELoss()


def score(idx):
    net.eval()
    with torch.no_grad():
        return mse(net(X[idx]), y[idx]).item()


best, best_state, waited = float("inf"), None, 0
for epoch in range(40):
    net.train()
    total = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = mse(net(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item() * len(xb)
    val = score(val_idx)
    sched.step(val)
    print(f"epoch {epoch + 1:2d} train {total / len(train_idx):.4f} val {val:.4f}")
    if val < best - 1e-4:
        best, best_state, waited = val, copy.deepcopy(net.state_dict()), 0
    else:
        waited += 1
        if waited == 10:
            print("no gain for 10 epochs, stopping")
            break

net.load_state_dict(best_state)
print(f"R2 train {1 - score(train_idx):.4f}")
print(f"R2 test {1 - score(test_idx) / y[test_idx].var().item():.4f}")
