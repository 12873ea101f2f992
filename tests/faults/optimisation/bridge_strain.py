import numpy as np
import torch
import torch.nn as nn

rng = np.random.RandomState(6)
torch.manual_seed(6)

# deflection of a girder under three loads: positions, weights, temperature, wind
N = 2400
pos = rng.uniform(0, 1, (N, 3))
weight = rng.uniform(0.5, 2.0, (N, 3))
temp, wind = rng.normal(size=(N, 1)), rng.normal(size=(N, 1))
deflection = (weight * np.sin(np.pi * pos) ** 2).sum(1) + 0.3 * temp[:, 0] * np.cos(2 * np.pi * pos[:, 0]) + 0.2 * wind[:, 0] ** 2
deflection += 0.08 * rng.normal(size=N)
X = np.hstack([pos, weight, temp, wind])
X = (X - X[:1800].mean(0)) / X[:1800].std(0)
y = (deflection - deflection[:1800].mean()) / deflection[:1800].std()
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32).view(-1, 1)
train_X, train_y, test_X, test_y = X[:1800], y[:1800], X[1800:], y[1800:]

model = nn.Sequential(
    nn.Linear(8, 40), nn.Tanh(),
    nn.Linear(40, 40), nn.Tanh(),
    nn.Linear(40, 1),
)
loss_fn = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.005, momentum=0.998)
epochs, batch = 60, 60


def test_loss():
    model.eval()
    with torch.no_grad():
        return loss_fn(model(test_X), test_y).item()


for epoch in range(epochs):
    model.train()
    perm = torch.randperm(len(train_X))
    total = 0.0
    for start in range(0, len(perm), batch):
        rows = perm[start:start + batch]
        loss = loss_fn(model(train_X[rows]), train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    if (epoch + 1) % 5 == 0:
        print(f"epoch {epoch + 1:3d}  train mse {total / len(train_X):.4f}  test mse {test_loss():.4f}")

print(f"final test mse: {test_loss():.4f}")
