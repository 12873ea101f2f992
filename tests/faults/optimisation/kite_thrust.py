import numpy as np
import torch
import torch.nn as nn
from torch.optim.lr_scheduler import ReduceLROnPlateau


def flights(n, seed):
    g = np.random.default_rng(seed)
    q = g.uniform(-1, 1, size=(n, 6)).astype("float32")
    thrust = (np.sin(3 * q[:, 0]) * q[:, 1] + np.cos(2 * q[:, 2] + q[:, 3]) + 0.8 * q[:, 4] ** 2
              - 0.5 * q[:, 5] * q[:, 0] + 0.05 * g.normal(size=n))
    return torch.from_numpy(q) / 0.577, torch.from_numpy(thrust.astype("float32"))


class ThrustModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(6, 64)
        self.mid = nn.Linear(64, 64)
        self.out = nn.Linear(64, 1)

    def forward(self, x):
        x = torch.tanh(self.inp(x))
        x = torch.tanh(self.mid(x))
        return self.out(x).squeeze(-1)


def epoch_pass(model, x, y, optimizer=None, batch=64):
    total = 0.0
    order = torch.randperm(len(x)) if optimizer else torch.arange(len(x))
    with torch.set_grad_enabled(optimizer is not None):
        for start in range(0, len(x), batch):
            rows = order[start:start + batch]
            loss = ((model(x[rows]) - y[rows]) ** 2).mean()
            if optimizer:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * len(rows)
    return total / len(x)


def main():
    torch.manual_seed(17)
    x, y = flights(2500, 0)
    x_val, y_val = flights(700, 1)
    mean, std = y.mean(), y.std()
    y, y_val = (y - mean) / std, (y_val - mean) / std
    model = ThrustModel()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    scheduler = ReduceLROnPlateau(optimizer, mode="max", factor=0.5, patience=2)
    for epoch in range(60):
        model.train()
        train_mse = epoch_pass(model, x, y, optimizer)
        model.eval()
        val_mse = epoch_pass(model, x_val, y_val)
        scheduler.step(val_mse)
        if epoch % 5 == 4:
            print(f"epoch {epoch + 1}: train {train_mse:.4f} val {val_mse:.4f}")
    print(f"val mse: {val_mse:.5f}")


if __name__ == "__main__":
    main()
