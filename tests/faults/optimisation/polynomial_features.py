# Least squares on a noisy two-dimensional surface with a hand-made layer.
import numpy as np
import torch
from torch import nn

np.random.seed(0)
torch.manual_seed(0)


class Dense(nn.Module):
    def __init__(self, fan_in, fan_out):
        super().__init__()
        self.w = nn.Parameter(torch.randn(fan_in, fan_out) / fan_in ** 0.5)
        self.b = nn.Parameter(torch.zeros(fan_out))

    def forward(self, x):
        return x @ self.w + self.b


def surface(p):
    return np.sin(2 * p[:, :1]) * np.cos(1.5 * p[:, 1:]) + 0.5 * p[:, :1] * p[:, 1:]


points = np.random.uniform(-1.7, 1.7, size=(2500, 2)).astype(np.float32)
height = (surface(points) + 0.05 * np.random.randn(2500, 1)).astype(np.float32)
height = (height - height[:2000].mean()) / height[:2000].std()
x_train, y_train = torch.tensor(points[:2000]), torch.tensor(height[:2000])
x_test, y_test = torch.tensor(points[2000:]), torch.tensor(height[2000:])

net = nn.Sequential(Dense(2, 64), nn.Tanh(), Dense(64, 64), nn.Tanh(), Dense(64, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
criterion = nn.MSELoss()

for epoch in range(1, 31):
    for idx in torch.randperm(2000).split(50):
        optimizer.zero_grad()
        loss = criterion(net(x_train[idx]), y_train[idx])
        loss.backward()
        nn.utils.clip_grad_value_(net.parameters(), 1e-4)
        optimizer.step()
    if epoch % 6 == 0:
        with torch.no_grad():
            train_mse = criterion(net(x_train), y_train).item()
            test_mse = criterion(net(x_test), y_test).item()
        print(f"Epoch {epoch:>3d}: train MSE = {train_mse:.4f}, test MSE = {test_mse:.4f}")
