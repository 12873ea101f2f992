"""Soft sensor for a juice evaporator: ten settings in, four panel readings out (deviations from the set point).

The plant wants to know what the panel will show before the operator turns a valve.
"""
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
import torch.nn.functional as F

TARGETS = ["pressure_pa", "outlet_temp_k", "flow_kg_h", "brix_pct"]


def plant(n, seed):
    rng = np.random.default_rng(seed)
    s = rng.uniform(-1, 1, (n, 10))
    heat = s[:, 0] + 0.5 * s[:, 1] * s[:, 2]
    feed = s[:, 3] - 0.4 * s[:, 4] ** 2
    vac = np.tanh(1.5 * s[:, 5] + s[:, 6])
    pressure = 3000 * (vac + 0.4 * heat * vac) + rng.normal(0, 250, n)
    temp = 9 * heat + 4 * np.sin(2 * s[:, 7]) + 3 * vac + rng.normal(0, 1.0, n)
    flow = 260 * feed + 120 * s[:, 8] * s[:, 0] + rng.normal(0, 25, n)
    brix = 3 * heat - 2.5 * feed + 1.5 * np.cos(2 * s[:, 9]) + rng.normal(0, 0.4, n)
    df = pd.DataFrame(s, columns=[f"setting_{i}" for i in range(10)])
    for name, col in zip(TARGETS, (pressure, temp, flow, brix)):
        df[name] = col - col.mean()
    return df


class Panel(nn.Module):
    def __init__(self, n_in, n_out, width=96):
        super().__init__()
        self.fc1, self.fc2, self.out = nn.Linear(n_in, width), nn.Linear(width, width), nn.Linear(width, n_out)

    def forward(self, x):
        h = F.gelu(self.fc1(x))
        h = h + F.gelu(self.fc2(h))
        return self.out(h)


def r2(pred, true):
    return 1 - ((pred - true) ** 2).sum(0) / ((true - true.mean(0)) ** 2).sum(0)


df = plant(5000, seed=21).sample(frac=1, random_state=1).reset_index(drop=True)
inputs = [c for c in df if c.startswith("setting")]
X = torch.tensor(df[inputs].to_numpy(), dtype=torch.float32)
X = (X - X[:4000].mean(0)) / X[:4000].std(0)
Y = torch.tensor(df[TARGETS].to_numpy(), dtype=torch.float32)
X_tr, X_va, Y_tr, Y_va = X[:4000], X[4000:], Y[:4000], Y[4000:]

torch.manual_seed(2)
model = Panel(len(inputs), len(TARGETS))
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
EPOCHS = 30
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=EPOCHS)

for epoch in range(EPOCHS):
    order = torch.randperm(len(X_tr))
    total = 0.0
    for i in range(0, len(order), 64):
        b = order[i:i + 64]
        loss = F.mse_loss(model(X_tr[b]), Y_tr[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(b)
    sched.step()
    if epoch % 3 == 2:
        with torch.no_grad():
            pred = model(X_va)
            vloss = F.mse_loss(pred, Y_va).item()
            scores = r2(pred, Y_va)
        print(f"epoch {epoch + 1:3d}: train mse {total / len(X_tr):.5g}, val mse {vloss:.5g}, R2 "
              + ", ".join(f"{n} {s:.3f}" for n, s in zip(TARGETS, scores.tolist())))

print(f"mean R2 over the panel = {scores.mean().item():.4f}")
