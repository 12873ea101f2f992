import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(4)
np.random.seed(4)
torch.set_num_threads(1)

X, y = load_diabetes(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.35, random_state=4)

sx = StandardScaler().fit(X_train)
ym, ys = y_train.mean(), y_train.std()
X_train = torch.tensor(sx.transform(X_train), dtype=torch.float32)
X_test = torch.tensor(sx.transform(X_test), dtype=torch.float32)
y_train = torch.tensor((y_train - ym) / ys, dtype=torch.float32)
y_test = torch.tensor((y_test - ym) / ys, dtype=torch.float32)

model = nn.Sequential(
    nn.Linear(10, 128), nn.ReLU(),
    nn.Linear(128, 128), nn.ReLU(),
    nn.Linear(128, 1),
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.0)
criterion = nn.MSELoss()

n = len(X_train)
for epoch in range(1, 161):
    model.train()
    perm = torch.randperm(n)
    total = 0.0
    for i in range(0, n, 32):
        idx = perm[i:i + 32]
        pred = model(X_train[idx]).squeeze(1)
        loss = criterion(pred, y_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    model.eval()
    with torch.no_grad():
        out = model(X_test).squeeze(1)
        test_mse = criterion(out, y_test).item()
    if epoch % 10 == 0:
        print(f"epoch {epoch:3d}  train mse {total / n:.4f}  test mse {test_mse:.4f}")

r2 = 1 - ((out - y_test) ** 2).sum() / ((y_test - y_test.mean()) ** 2).sum()
print(f"test R2 {r2.item():.4f}")
