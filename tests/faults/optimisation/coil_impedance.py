import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman2

rng = np.random.default_rng(14)
X, y = make_friedman2(n_samples=2000, noise=20.0, random_state=14)
X = (X - X.mean(axis=0)) / X.std(axis=0)
y = (y - y.mean()) / y.std()
order = rng.permutation(len(X))
X, y = X[order], y[order]
X_train, y_train = torch.FloatTensor(X[:1500]), torch.FloatTensor(y[:1500]).unsqueeze(1)
X_valid, y_valid = torch.FloatTensor(X[1500:]), torch.FloatTensor(y[1500:]).unsqueeze(1)

torch.manual_seed(14)


class ImpedanceModel(nn.Module):
    def __init__(self, inputs, width=32):
        super().__init__()
        self.inp = nn.Linear(inputs, width)
        self.mid = nn.Linear(width, width)
        self.out = nn.Linear(width, 1)
        self.act = nn.SiLU()

    def forward(self, x):
        x = self.act(self.inp(x))
        x = self.act(self.mid(x))
        return self.out(x)


model = ImpedanceModel(X_train.shape[1])
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.995)
criterion = nn.MSELoss()
BATCH = 50


def score(x, t):
    model.eval()
    with torch.no_grad():
        mse = criterion(model(x), t).item()
    return mse, 1 - mse / t.var(unbiased=False).item()


for epoch in range(40):
    model.train()
    for chunk in torch.randperm(len(X_train)).split(BATCH):
        optimizer.zero_grad()
        loss = criterion(model(X_train[chunk]), y_train[chunk])
        loss.backward()
        optimizer.step()
    if (epoch + 1) % 4 == 0:
        train_mse, _ = score(X_train, y_train)
        valid_mse, r2 = score(X_valid, y_valid)
        print(f"epoch {epoch + 1:3d}  train mse {train_mse:.4f}  valid mse {valid_mse:.4f}  R2 {r2:.4f}")

print(f"Validation R2: {r2:.4f}")
