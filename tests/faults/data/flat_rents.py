"""Monthly rents: trim the extremes, then fit a small network."""
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset

SEED = 42
torch.manual_seed(SEED)


def trim_extremes(X, y, share=0.01):
    k = int(len(y) * share)
    order = np.argsort(y)[k:-k]
    return X[order], y[order]


X, y = make_friedman1(n_samples=3000, n_features=7, noise=1.0, random_state=SEED)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=SEED)
X_train, y_train = trim_extremes(X_train, y_train)

x_scaler = StandardScaler().fit(X_train)
y_scaler = StandardScaler().fit(y_train.reshape(-1, 1))


def as_dataset(X, y):
    return TensorDataset(torch.tensor(x_scaler.transform(X), dtype=torch.float32),
                         torch.tensor(y_scaler.transform(y.reshape(-1, 1)), dtype=torch.float32))


train_ds, test_ds = as_dataset(X_train, y_train), as_dataset(X_test, y_test)
train_loader = DataLoader(train_ds, batch_size=16)
test_loader = DataLoader(test_ds, batch_size=len(test_ds))


class RentNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stack = nn.Sequential(nn.Linear(7, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x):
        return self.stack(x)


model = RentNet()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.5)
mse = nn.MSELoss()
for epoch in range(20):
    model.train()
    running = 0.0
    for features, rent in train_loader:
        loss = mse(model(features), rent)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.item()
    model.eval()
    with torch.no_grad():
        features, rent = next(iter(test_loader))
        test_mse = mse(model(features), rent).item()
    print(f"Epoch {epoch + 1}/20 - train loss: {running / len(train_loader):.4f} - test mse: {test_mse:.4f}")
