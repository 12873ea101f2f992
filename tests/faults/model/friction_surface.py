"""Friction coefficient of a tyre compound over five controls (Friedman's function), with dense layers of our own."""
import torch
from sklearn.datasets import make_friedman1
from sklearn.preprocessing import StandardScaler
from torch import nn


class Dense(nn.Module):
    def __init__(self, n_in, n_out, activation=None):
        super().__init__()
        self.weight = nn.Parameter(torch.full((n_in, n_out), 1.0 / n_in))
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.activation = activation

    def forward(self, x):
        z = x @ self.weight + self.bias
        return self.activation(z) if self.activation is not None else z


class FrictionNet(nn.Module):
    def __init__(self, n_in, width=40):
        super().__init__()
        self.first = Dense(n_in, width, torch.tanh)
        self.second = Dense(width, width, torch.tanh)
        self.last = Dense(width, 1)

    def forward(self, x):
        return self.last(self.second(self.first(x))).squeeze(1)


def load(seed=0):
    X, y = make_friedman1(n_samples=3000, n_features=6, noise=0.8, random_state=seed)
    X_train, X_test, y_train, y_test = X[:2400], X[2400:], y[:2400], y[2400:]
    sx, sy = StandardScaler().fit(X_train), StandardScaler().fit(y_train[:, None])
    as_tensor = lambda a: torch.as_tensor(a, dtype=torch.float32)
    return (as_tensor(sx.transform(X_train)), as_tensor(sy.transform(y_train[:, None])[:, 0]),
            as_tensor(sx.transform(X_test)), as_tensor(sy.transform(y_test[:, None])[:, 0]))


def main():
    torch.manual_seed(2)
    x, y, x_test, y_test = load()
    net = FrictionNet(x.shape[1])
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    decay = torch.optim.lr_scheduler.ExponentialLR(opt, gamma=0.95)
    for epoch in range(60):
        perm = torch.randperm(len(x))
        for start in range(0, len(x), 60):
            idx = perm[start:start + 60]
            loss = (net(x[idx]) - y[idx]).square().mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
        decay.step()
        if epoch % 10 == 9:
            with torch.no_grad():
                tr, te = (net(x) - y).square().mean(), (net(x_test) - y_test).square().mean()
            print(f"epoch {epoch + 1}: train mse {tr:.4f}, test mse {te:.4f}")
    with torch.no_grad():
        r2 = 1 - (net(x_test) - y_test).square().sum() / (y_test - y_test.mean()).square().sum()
    print(f"R^2 on held-out points {r2.item():.4f}")


main()
