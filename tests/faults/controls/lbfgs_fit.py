import argparse

import torch
from torch import nn
from sklearn.datasets import load_diabetes

ap = argparse.ArgumentParser()
ap.add_argument("--iters", type=int, default=70)
ap.add_argument("--ridge", type=float, default=0.02)
cfg = ap.parse_args()
torch.manual_seed(45)

X, y = load_diabetes(return_X_y=True, scaled=False)
X, y = torch.tensor(X, dtype=torch.float64), torch.tensor(y, dtype=torch.float64).unsqueeze(1)
order = torch.randperm(len(X))
tr, te = order[:330], order[330:]
X = (X - X[tr].mean(0)) / X[tr].std(0)
y = (y - y[tr].mean()) / y[tr].std()

model = nn.Sequential(nn.Linear(10, 4), nn.Tanh(), nn.Linear(4, 1)).double()
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4, history_size=10)


def objective():
    penalty = sum((p ** 2).sum() for n, p in model.named_parameters() if n.endswith("weight"))
    return nn.functional.mse_loss(model(X[tr]), y[tr]) + cfg.ridge * penalty


def closure():
    optimizer.zero_grad()
    loss = objective()
    loss.backward()
    return loss


for it in range(cfg.iters):
    loss = optimizer.step(closure)
    if it % 10 == 9:
        with torch.no_grad():
            test = nn.functional.mse_loss(model(X[te]), y[te]).item()
        print(f"iter {it + 1} objective {loss.item():.5f} test mse {test:.4f}")
print(f"test R2 {1 - test / y[te].var().item():.4f}")
