"""Discharge over a spillway: ridge-like head on frozen random Fourier features (Rahimi & Recht)."""
import math

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class RandomFeatures(nn.Module):
    def __init__(self, n_in, n_features, length_scale):
        super().__init__()
        self.proj = nn.Linear(n_in, n_features)
        nn.init.normal_(self.proj.weight, std=1.0 / length_scale)
        nn.init.uniform_(self.proj.bias, 0, 2 * math.pi)
        self.scale = math.sqrt(2.0)
        self.requires_grad_(False)

    def forward(self, x):
        return self.scale * torch.cos(self.proj(x))


class KernelMachine(nn.Module):
    def __init__(self, n_in, n_features=300, length_scale=1.6):
        super().__init__()
        self.features = RandomFeatures(n_in, n_features, length_scale)
        self.head = nn.Linear(n_features, 1)
        nn.init.zeros_(self.head.weight)

    def forward(self, x):
        with torch.no_grad():
            phi = self.features(x)
        return self.head(phi).squeeze(1)


def main():
    torch.manual_seed(12)
    x = torch.randn(4000, 3)
    y = torch.sin(1.3 * x[:, 0]) * x[:, 1] + 0.6 * torch.cos(x[:, 2]) + 0.2 * torch.randn(4000)
    y = (y - y[:3000].mean()) / y[:3000].std()
    loader = DataLoader(TensorDataset(x[:3000], y[:3000]), batch_size=60, shuffle=True)
    x_test, y_test = x[3000:], y[3000:]

    model = KernelMachine(3)
    optimizer = torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.75)
    loss_fn = nn.MSELoss()
    for epoch in range(1, 13):
        total = 0.0
        for xb, yb in loader:
            loss = loss_fn(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(xb)
        scheduler.step()
        with torch.no_grad():
            test = loss_fn(model(x_test), y_test).item()
        print(f"epoch {epoch:2d}  train {total / 3000:.4f}  test {test:.4f}")
    print(f"test mse: {test:.4f}")


main()
