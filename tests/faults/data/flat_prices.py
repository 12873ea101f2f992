# Predict asking prices (EUR) of flats from size, rooms, floor, age, distance to the centre
import copy
import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset

np.random.seed(12)
torch.manual_seed(12)


def listings(n):
    size = np.random.gamma(9, 8, n)
    rooms = np.clip(np.round(size / 25 + np.random.normal(0, 0.5, n)), 1, 7)
    floor = np.random.randint(0, 9, n)
    age = np.random.uniform(0, 100, n)
    dist = np.random.gamma(2, 3, n)
    per_m2 = 2200 + 2600 * np.exp(-dist / 5) + 8 * (age - 60).clip(0) - 9 * np.minimum(age, 60) + 25 * floor
    price = size * per_m2 * np.exp(np.random.normal(0, 0.06, n)) + 4000 * rooms
    return np.column_stack([size, rooms, floor, age, dist]), price


X, price = listings(3000)
X_train, X_val, X_test = np.split(X, [2000, 2500])
p_train, p_val, p_test = np.split(price, [2000, 2500])
xs = StandardScaler().fit(X_train)
shift, spread = 0.0, 1.0


def tensors(X, p):
    return (torch.tensor(xs.transform(X), dtype=torch.float32),
            torch.tensor((p - shift) / spread, dtype=torch.float32).view(-1, 1))


train_set, (xv, yv), (xt, yt) = TensorDataset(*tensors(X_train, p_train)), tensors(X_val, p_val), tensors(X_test, p_test)
model = nn.Sequential(nn.Linear(5, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=3)
loss_fn = nn.MSELoss()
best, best_state, waited = float("inf"), None, 0

for epoch in range(60):
    model.train()
    for xb, yb in DataLoader(train_set, batch_size=50, shuffle=True):
        optimizer.zero_grad()
        loss_fn(model(xb), yb).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        val = loss_fn(model(xv), yv).item()
    plateau.step(val)
    if val < best:
        best, best_state, waited = val, copy.deepcopy(model.state_dict()), 0
    else:
        waited += 1
    print(f"epoch {epoch + 1}: val loss {val:.5g} (best {best:.5g})")
    if waited >= 8:
        print("stopping early")
        break

model.load_state_dict(best_state)
with torch.no_grad():
    pred = model(xt).squeeze(1).numpy() * spread + shift
print(f"test MAE {mean_absolute_error(p_test, pred):.0f} EUR, test R2 {r2_score(p_test, pred):.4f}")
