"""Pear ripeness on a five-step scale: one score, four learned thresholds."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

STEPS = 5


class PearDataset(Dataset):
    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n, 6))
        ripeness = X[:, 0] + 0.7 * X[:, 1] - 0.5 * X[:, 2] ** 2 + 0.5 * X[:, 3] * X[:, 4] + 0.35 * rng.normal(size=n)
        grade = np.digitize(ripeness, [-1.6, -0.8, 0.0, 0.8])
        self.X = torch.tensor(X, dtype=torch.float32)
        self.grade = torch.tensor(grade)
        self.levels = (self.grade[:, None] > torch.arange(STEPS - 1)).float()

    def __len__(self):
        return len(self.X)

    def __getitem__(self, i):
        return self.X[i], self.levels[i], self.grade[i]


class OrdinalHead(nn.Module):
    def __init__(self, n_in):
        super().__init__()
        self.weight = nn.Linear(n_in, 1, bias=False)
        self.cuts = nn.Parameter(torch.linspace(1.0, -1.0, STEPS - 1))

    def forward(self, h):
        return self.weight(h) + self.cuts


class RipenessNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU())
        self.head = OrdinalHead(32)

    def forward(self, x):
        return self.head(self.body(x))


def evaluate(model, data, criterion):
    model.eval()
    with torch.no_grad():
        out = model(data.X)
        grade = (out > 0).sum(1)
    diff = (grade - data.grade).abs().float()
    return criterion(out, data.levels).item(), diff.mean().item(), (diff == 0).float().mean().item()


def main():
    torch.manual_seed(3)
    train, test = PearDataset(4000, 1), PearDataset(1000, 2)
    loader = DataLoader(train, batch_size=64, shuffle=True)
    model = RipenessNet()
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.85)
    for epoch in range(16):
        model.train()
        total = 0.0
        for x, levels, _ in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), levels)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        schedule.step()
        te, mae, exact = evaluate(model, test, criterion)
        print(f"epoch {epoch:2d}  train {total / len(train):.4f}  test {te:.4f}  grade MAE {mae:.4f}  exact {exact:.3f}")
    print(f"mean grade error {mae:.4f}")


if __name__ == "__main__":
    main()
