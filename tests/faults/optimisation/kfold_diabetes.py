# 4-fold cross-validation of a small regressor on the diabetes data
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_diabetes
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

torch.manual_seed(13)
X, y = load_diabetes(return_X_y=True)
kfold = KFold(n_splits=4, shuffle=True, random_state=13)


def build():
    return nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 1))


def to_tensor(a):
    return torch.tensor(a, dtype=torch.float32)


model = build()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-3)
mse = nn.MSELoss()
fold_r2 = []

for fold, (tr, va) in enumerate(kfold.split(X)):
    model = build()
    sx, sy = StandardScaler().fit(X[tr]), StandardScaler().fit(y[tr, None])
    Xtr, ytr = to_tensor(sx.transform(X[tr])), to_tensor(sy.transform(y[tr, None]))
    Xva, yva = to_tensor(sx.transform(X[va])), to_tensor(sy.transform(y[va, None]))
    for epoch in range(20):
        perm = torch.randperm(len(Xtr))
        losses = []
        for i in range(0, len(perm), 32):
            j = perm[i:i + 32]
            loss = mse(model(Xtr[j]), ytr[j])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        if epoch % 5 == 4:
            with torch.no_grad():
                print(f"fold {fold} epoch {epoch + 1} train {np.mean(losses):.3f} val {mse(model(Xva), yva).item():.3f}")
    with torch.no_grad():
        r2 = 1 - mse(model(Xva), yva).item() / yva.var().item()
    fold_r2.append(r2)
    print(f"fold {fold}: R2 {r2:.3f}")

print(f"mean R2 over folds: {np.mean(fold_r2):.4f}")
