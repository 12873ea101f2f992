import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)

data = load_breast_cancer()
x = torch.tensor(StandardScaler().fit_transform(data.data), dtype=torch.float32)
t = torch.tensor(data.target, dtype=torch.float32)
mix = torch.randperm(len(x))
x, t = x[mix], t[mix]
x_train, t_train, x_test, t_test = x[:420], t[:420], x[420:], t[420:]

model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1))
bce = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
B = 20
for epoch in range(15):
    perm = torch.randperm(len(x_train))
    total = 0.0
    for i in range(0, len(x_train), B):
        xb = x_train[perm[i:i + B]]
        tb = t_train[i:i + B]
        loss = bce(model(xb).squeeze(1), tb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1}: loss {total / len(x_train):.4f}")

with torch.no_grad():
    p = torch.sigmoid(model(x_test).squeeze(1))
    print(f"test accuracy {((p > 0.5).float() == t_test).float().mean():.4f}")
