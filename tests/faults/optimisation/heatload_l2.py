import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(30)
np.random.seed(30)


def heat_load(n):
    """Wall area, glazing, insulation, outside temperature, wind, occupants -> heating load."""
    X = np.random.uniform(-1.7, 1.7, (n, 6))
    wall, glass, insul, temp, wind, people = X.T
    load = (wall + 1.2 * glass) * np.exp(-0.4 * insul) * (1 - temp) + 0.5 * np.maximum(wind, 0) ** 2 * glass - 0.6 * people
    return X, load + 0.25 * np.random.randn(n)


X, y = heat_load(3500)
X_train, X_val = X[:2800], X[2800:]
y_mean, y_std = y[:2800].mean(), y[:2800].std()
y_train, y_val = (y[:2800] - y_mean) / y_std, (y[2800:] - y_mean) / y_std
X_train, X_val, y_train, y_val = [torch.from_numpy(a).float() for a in (X_train, X_val, y_train, y_val)]

model = nn.Sequential(nn.Linear(6, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.004)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=3)
l2_lambda = 3e-2
batch_size = 56


def l2_penalty(net):
    return sum(p.pow(2).sum() for name, p in net.named_parameters() if name.endswith("weight"))


for epoch in range(1, 31):
    model.train()
    perm = torch.randperm(len(X_train))
    epoch_mse = 0.0
    for i in range(0, len(X_train), batch_size):
        idx = perm[i:i + batch_size]
        pred = model(X_train[idx]).squeeze(-1)
        mse = ((pred - y_train[idx]) ** 2).mean()
        loss = mse + l2_lambda * l2_penalty(model)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        epoch_mse += mse.item() * len(idx)
    epoch_mse /= len(X_train)
    model.eval()
    with torch.no_grad():
        val_mse = ((model(X_val).squeeze(-1) - y_val) ** 2).mean().item()
    scheduler.step(val_mse)
    if epoch % 3 == 0:
        print(f"epoch {epoch:3d} | train mse {epoch_mse:.4f} | val mse {val_mse:.4f} | val R2 {1 - val_mse / y_val.var().item():.4f}")
print(f"final R2 {1 - val_mse / y_val.var().item():.4f}")
