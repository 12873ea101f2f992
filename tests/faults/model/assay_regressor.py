import numpy as np
import torch
import torch.nn as nn
from sklearn.model_selection import train_test_split

torch.manual_seed(12)
rng = np.random.default_rng(12)

# 100 molecular descriptors, few of which matter, and a noisy assay
n, d = 900, 100
latent = rng.normal(size=(n, 12))
X = latent @ rng.normal(size=(12, d)) * 0.25 + rng.normal(size=(n, d)) * 0.7
potency = X[:, 0] + 0.8 * X[:, 5] - 0.9 * X[:, 9] + 0.6 * np.abs(X[:, 20]) + 1.3 * rng.normal(size=n)
X_train, X_val, y_train, y_val = train_test_split(X, potency, test_size=0.7, random_state=0)
mu, sd = X_train.mean(0), X_train.std(0)
X_train = torch.tensor((X_train - mu) / sd, dtype=torch.float32)
X_val = torch.tensor((X_val - mu) / sd, dtype=torch.float32)
ym, ys = y_train.mean(), y_train.std()
y_train = torch.tensor((y_train - ym) / ys, dtype=torch.float32).unsqueeze(1)
y_val = torch.tensor((y_val - ym) / ys, dtype=torch.float32).unsqueeze(1)


class AssayMLP(nn.Module):
    def __init__(self, n_in, hidden=128, p=0.0):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_in, hidden), nn.ELU(), nn.Dropout(p),
            nn.Linear(hidden, hidden), nn.ELU(), nn.Dropout(p),
            nn.Linear(hidden, 1))

    def forward(self, x):
        return self.layers(x)


EPOCHS = 120
model = AssayMLP(d)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
mse = nn.MSELoss()
for epoch in range(1, EPOCHS + 1):
    model.train()
    perm = torch.randperm(len(X_train))
    for chunk in perm.split(30):
        optimizer.zero_grad()
        loss = mse(model(X_train[chunk]), y_train[chunk])
        loss.backward()
        optimizer.step()
    if epoch % max(EPOCHS // 10, 1) == 0:
        model.eval()
        with torch.no_grad():
            tr, va = mse(model(X_train), y_train).item(), mse(model(X_val), y_val).item()
        print(f"epoch {epoch:3d} train mse {tr:.3f} val mse {va:.4f}")
