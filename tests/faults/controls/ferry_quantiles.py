import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

LEVELS = torch.tensor([0.1, 0.5, 0.9])


class QuantileNet(nn.Module):
    """Median plus two positive widths, so that the quantiles cannot cross."""

    def __init__(self, n_in, width=32):
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(n_in, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.out = nn.Linear(width, 3)

    def forward(self, x):
        mid, low, high = self.out(self.hidden(x)).split(1, dim=1)
        softplus = nn.functional.softplus
        return torch.cat([mid - softplus(low), mid, mid + softplus(high)], dim=1)


def pinball(pred, target):
    # (N, 3) against (N, 1): every quantile sees the same target
    err = target - pred
    return torch.maximum(LEVELS * err, (LEVELS - 1) * err).mean()


def ferry_delay(n, rng):
    x = rng.normal(size=(n, 5))
    spread = np.exp(0.5 * x[:, 2])
    skewed = rng.exponential(1.0, n) - 1.0
    y = 1.5 * np.sin(x[:, 0]) + 0.8 * x[:, 1] + 0.6 * x[:, 3] ** 2 + spread * skewed
    return x, y


def main():
    torch.manual_seed(14)
    x, y = ferry_delay(6000, np.random.default_rng(14))
    y = (y - y[:5000].mean()) / y[:5000].std()
    x = torch.tensor(x, dtype=torch.float32)
    y = torch.tensor(y, dtype=torch.float32).unsqueeze(1)
    train = DataLoader(TensorDataset(x[:5000], y[:5000]), batch_size=100, shuffle=True)
    x_test, y_test = x[5000:], y[5000:]
    model = QuantileNet(5)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=15)
    for epoch in range(15):
        model.train()
        total = 0.0
        for xb, yb in train:
            optimizer.zero_grad()
            loss = pinball(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        model.eval()
        with torch.no_grad():
            q = model(x_test)
            test_loss = pinball(q, y_test).item()
            inside = ((y_test >= q[:, :1]) & (y_test <= q[:, 2:])).float().mean().item()
        print(f"epoch {epoch + 1:2d}  train {total / len(train):.4f}  test {test_loss:.4f}  80% interval covers {inside:.3f}")
    print(f"test pinball loss {test_loss:.4f}")


if __name__ == "__main__":
    main()
