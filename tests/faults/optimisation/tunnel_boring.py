import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import make_friedman1
from sklearn.model_selection import train_test_split

torch.manual_seed(2)
X, y = make_friedman1(n_samples=2400, n_features=8, noise=0.6, random_state=2)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=2)
xm, xs = X_train.mean(0), X_train.std(0)
ym, ys = y_train.mean(), y_train.std()


def to_tensor(a, m, s):
    return torch.tensor((a - m) / s, dtype=torch.float32)


X_train, X_test = to_tensor(X_train, xm, xs), to_tensor(X_test, xm, xs)
y_train, y_test = to_tensor(y_train, ym, ys).unsqueeze(1), to_tensor(y_test, ym, ys).unsqueeze(1)


class PenetrationRate(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 40), nn.ReLU(), nn.Linear(40, 20), nn.ReLU(), nn.Linear(20, 1))

    def forward(self, x):
        return self.net(x)


model = PenetrationRate()
loss_fn = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.03, momentum=0.998)

EPOCHS, BATCH = 40, 32
for epoch in range(EPOCHS):
    model.train()
    perm = torch.randperm(X_train.size(0))
    running = 0.0
    for i in range(0, X_train.size(0), BATCH):
        idx = perm[i:i + BATCH]
        optimizer.zero_grad()
        loss = loss_fn(model(X_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        running += loss.item() * idx.numel()
    model.eval()
    with torch.no_grad():
        test_loss = loss_fn(model(X_test), y_test).item()
    if epoch % 4 == 3:
        print(f"Epoch {epoch + 1}/{EPOCHS}  train {running / len(X_train):.4f}  test {test_loss:.4f}")

with torch.no_grad():
    r2 = 1 - ((model(X_test) - y_test) ** 2).mean() / y_test.var()
print(f"Test R2: {r2.item():.4f}")
