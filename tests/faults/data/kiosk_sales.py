"""How many ice creams will a seaside kiosk sell in an hour? Weather, passers-by and price, small MLP."""
import argparse

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def make_log(n, rng):
    day = rng.integers(120, 270, n)
    hour = rng.integers(9, 21, n)
    kelvin = 291 + 6 * np.sin((day - 110) / 160 * np.pi) + 4 * np.sin((hour - 9) / 12 * np.pi) + rng.normal(0, 3, n)
    pressure = rng.normal(1014, 8, n)
    passers = rng.gamma(6, 150, n)
    price = rng.choice([1.8, 2.2, 2.6, 3.0], n)
    wind = rng.weibull(2, n) * 5
    heat = np.tanh((kelvin - 296) / 4)
    demand = 2.6 + 0.9 * heat + 0.6 * np.log(passers / 900) - 0.5 * (price - 2.4) * (1 - heat)
    demand += 0.35 * np.cos((hour - 15) / 3) + 0.02 * (pressure - 1014) - 0.05 * wind
    y = demand + rng.normal(0, 0.15, n)
    return np.column_stack([day, hour, kelvin, pressure, passers, price, wind]), y


class SalesNet(nn.Module):
    def __init__(self, n_features, hidden):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, hidden), nn.ReLU(),
            nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, x):
        return self.layers(x).squeeze(-1)


def features(log, reference):
    x = log
    return torch.tensor(x, dtype=torch.float32)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=22)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--hidden", type=int, default=40)
    parser.add_argument("--lr", type=float, default=2e-3)
    args = parser.parse_args()

    torch.manual_seed(21)
    rng = np.random.default_rng(21)
    log, y = make_log(5000, rng)
    train_log, test_log = log[:4000], log[4000:]
    mu, sd = y[:4000].mean(), y[:4000].std()
    target = torch.tensor((y - mu) / sd, dtype=torch.float32)

    x_train, x_test = features(train_log, train_log), features(test_log, train_log)
    loader = DataLoader(TensorDataset(x_train, target[:4000]), batch_size=args.batch_size, shuffle=True)

    net = SalesNet(x_train.shape[1], args.hidden)
    opt = torch.optim.Adam(net.parameters(), lr=args.lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)
    loss_fn = nn.MSELoss()
    for epoch in range(1, args.epochs + 1):
        net.train()
        seen = 0.0
        for xb, yb in loader:
            loss = loss_fn(net(xb), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
            seen += loss.item() * len(xb)
        sched.step()
        net.eval()
        with torch.no_grad():
            test_mse = loss_fn(net(x_test), target[4000:]).item()
        print(f"epoch {epoch:2d} | train mse {seen / 4000:.4f} | test mse {test_mse:.4f}")
    print(f"R2 on the test hours: {1 - test_mse / target[4000:].var().item():.4f}")


if __name__ == "__main__":
    main()
