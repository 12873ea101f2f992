import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class PressRuns(Dataset):
    """Juice yield from the settings of a cider press and the state of the fruit."""

    def __init__(self, n, seed, stats=None):
        rng = np.random.default_rng(seed)
        firm, sugar, pulp, temp = rng.normal(size=(4, n))
        speed, hold, layers, enzyme = rng.uniform(-1.7, 1.7, size=(4, n))
        juice = (np.tanh(pulp + hold) + 0.7 * sugar * (enzyme > 0) - 0.5 * (speed - 0.4 * firm) ** 2
                 + 0.4 * np.cos(2 * layers) + 0.2 * temp)
        juice += rng.normal(0, 0.2, n)
        X = np.stack([firm, sugar, pulp, temp, speed, hold, layers, enzyme], axis=1)
        self.stats = stats or (X.mean(0), X.std(0), juice.mean(), juice.std())
        mx, sx, my, sy = self.stats
        self.X = torch.tensor((X - mx) / sx, dtype=torch.float32)
        self.y = torch.tensor((juice - my) / sy, dtype=torch.float32)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.X[i], self.y[i]


class YieldNet(nn.Module):
    def __init__(self, p=0.2):
        super().__init__()
        self.l1 = nn.Linear(8, 96)
        self.l2 = nn.Linear(96, 96)
        self.l3 = nn.Linear(96, 1)
        self.drop = nn.Dropout(p)

    def forward(self, x):
        h = self.drop(torch.relu(self.l1(x)))
        h = self.drop(torch.relu(self.l2(h)))
        return self.l3(h).squeeze(-1)


class Runner:
    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, optimizer
        self.criterion = nn.MSELoss()

    def run_epoch(self, loader, training):
        self.model.train()
        total, n = 0.0, 0
        with torch.set_grad_enabled(training):
            for x, y in loader:
                loss = self.criterion(self.model(x), y)
                if training:
                    self.optimizer.zero_grad()
                    loss.backward()
                    self.optimizer.step()
                total += loss.item() * len(y)
                n += len(y)
        return total / n


def main():
    torch.manual_seed(23)
    train_ds = PressRuns(3000, seed=23)
    val_ds = PressRuns(1000, seed=24, stats=train_ds.stats)
    train_dl = DataLoader(train_ds, batch_size=64, shuffle=True)
    val_dl = DataLoader(val_ds, batch_size=256)
    model = YieldNet()
    runner = Runner(model, torch.optim.Adam(model.parameters(), lr=8e-3))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(runner.optimizer, 24)
    best = float("inf")
    for epoch in range(24):
        tr = runner.run_epoch(train_dl, training=True)
        va = runner.run_epoch(val_dl, training=False)
        schedule.step()
        best = min(best, va)
        print(f"epoch {epoch + 1:02d} train_mse {tr:.4f} val_mse {va:.4f} best {best:.4f}")
    print(f"val_mse at the end {va:.4f}")


if __name__ == "__main__":
    main()
