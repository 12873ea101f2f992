"""Fit the Friedman #1 benchmark with a small network."""
import numpy as np
import torch
from sklearn.datasets import make_friedman1
from sklearn.preprocessing import StandardScaler
from torch import nn


class Regressor(nn.Module):
    def __init__(self, n_in, hidden=40):
        super().__init__()
        self.fc1 = nn.Linear(n_in, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        x = torch.tanh(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        return self.out(x).squeeze(1)


def get_data():
    x, y = make_friedman1(n_samples=2500, n_features=6, noise=0.3, random_state=0)
    xs, ys = StandardScaler().fit(x[:2000]), StandardScaler().fit(y[:2000, None])
    x = torch.from_numpy(xs.transform(x).astype(np.float32))
    y = torch.from_numpy(ys.transform(y[:, None]).astype(np.float32)).squeeze(1)
    return x[:2000], y[:2000], x[2000:], y[2000:]


def r2(model, x, y):
    with torch.no_grad():
        res = y - model(x)
    return 1 - (res ** 2).mean().item() / y.var(unbiased=False).item()


def main():
    torch.manual_seed(0)
    x_train, y_train, x_val, y_val = get_data()
    net = Regressor(x_train.shape[1])
    opt = torch.optim.RMSprop(net.parameters(), lr=0.1)
    loss_fn = nn.MSELoss()
    for epoch in range(20):
        order = torch.randperm(len(x_train))
        for i in range(0, len(order), 50):
            batch = order[i:i + 50]
            opt.zero_grad()
            loss = loss_fn(net(x_train[batch]), y_train[batch])
            loss.backward()
            opt.step()
        if (epoch + 1) % 5 == 0:
            print(f"epoch {epoch + 1:3d}  train R2 {r2(net, x_train, y_train):.3f}  val R2 {r2(net, x_val, y_val):.3f}")


if __name__ == "__main__":
    main()
