"""Least squares by gradient descent. The mean of squares is halved, the columns are whitened: the best rate is one."""
import numpy as np
import torch

rng = np.random.default_rng(0)
torch.manual_seed(0)

n, d = 1000, 8
A = rng.standard_normal((n, d)) @ rng.standard_normal((d, d))
w_true = rng.standard_normal(d)
b = A @ w_true
b = b / b.std() + 0.1 * rng.standard_normal(n)
A_train, A_test, b_train, b_test = A[:800], A[800:], b[:800], b[800:]
mean = A_train.mean(0)
u, s, vt = np.linalg.svd(A_train - mean, full_matrices=False)
white = vt.T / s * np.sqrt(len(A_train))
X_train = torch.tensor((A_train - mean) @ white, dtype=torch.float32)
X_test = torch.tensor((A_test - mean) @ white, dtype=torch.float32)
y_train = torch.tensor(b_train, dtype=torch.float32)
y_test = torch.tensor(b_test, dtype=torch.float32)

model = torch.nn.Linear(d, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.97)
for step in range(120):
    residual = model(X_train).squeeze(1) - y_train
    loss = 0.5 * residual.pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 20 == 19:
        with torch.no_grad():
            mse = (model(X_test).squeeze(1) - y_test).pow(2).mean().item()
        print(f"step {step + 1:3d}  objective {loss.item():.5f}  held-out mse {mse:.5f}")
