import torch
from sklearn.datasets import make_regression
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)


def load():
    X, y = make_regression(n_samples=1500, n_features=10, n_informative=6, noise=8.0, random_state=4)
    X = 3.0 * torch.tensor(X).float() + torch.linspace(-6, 6, 10)
    y = torch.tensor(y).float()
    y = (y - y.mean()) / y.std()
    return X[:1100], y[:1100], X[1100:], y[1100:]


class Scaler:
    def __init__(self, X):
        self.low = X.min(dim=0).values
        self.high = X.max(dim=0).values

    def __call__(self, X):
        return 4 * (X - self.low) / (self.high - self.low) - 2


class Model(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n_features, 32), nn.Tanh(), nn.Linear(32, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1)


X_train, y_train, X_test, y_test = load()
scaler = Scaler(X_train)
X_train = scaler(X_train)
X_test = Scaler(X_test[:80])(X_test)
loader = DataLoader(TensorDataset(X_train, y_train), batch_size=25, shuffle=True)
model = Model(10)
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)

for epoch in range(1, 16):
    model.train()
    total = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(xb), yb)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    model.eval()
    with torch.no_grad():
        test_mse = nn.functional.mse_loss(model(X_test), y_test).item()
    print(f"{epoch:2d} train mse {total / len(X_train):.4f} test mse {test_mse:.4f}")
