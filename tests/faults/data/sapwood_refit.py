"""Sapwood area from stem scans: pick the dropout on a validation part, refit on everything else, report on the test part."""
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(2)
rng = np.random.default_rng(2)

n, d = 420, 40
X = rng.normal(size=(n, d))
w = rng.normal(size=d) / np.sqrt(d)
y = X @ w + 0.6 * np.tanh(X[:, 0] * X[:, 1]) + 0.55 * rng.normal(size=n)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor((y - y.mean()) / y.std(), dtype=torch.float32).unsqueeze(1)

perm = torch.tensor(rng.permutation(n))
n_test, n_val = 100, 80
test_idx = perm[-n_test:]
dev_idx = perm[n_test:]
val_idx, fit_idx = dev_idx[:n_val], dev_idx[n_val:]


def build(p):
    return nn.Sequential(nn.Linear(d, 64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, 1))


def fit(idx, p, epochs=25):
    torch.manual_seed(0)
    model = build(p)
    opt = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-3)
    for _ in range(epochs):
        model.train()
        for rows in idx[torch.randperm(len(idx))].split(32):
            opt.zero_grad()
            loss = nn.functional.mse_loss(model(X[rows]), y[rows])
            loss.backward()
            opt.step()
    return model


def score(model, idx):
    model.eval()
    with torch.no_grad():
        pred = model(X[idx])
    return 1 - (((pred - y[idx]) ** 2).sum() / ((y[idx] - y[idx].mean()) ** 2).sum()).item()


results = {}
for p in (0.2, 0.3, 0.5):
    results[p] = score(fit(fit_idx, p), val_idx)
    print(f"dropout {p}: validation R2 {results[p]:.3f}")
best = max(results, key=results.get)
final = fit(dev_idx, best)
print(f"refit on {len(dev_idx)} stems with dropout {best}")
print(f"test R2 {score(final, test_idx):.4f}")
