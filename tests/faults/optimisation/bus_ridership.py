"""Next-hour ridership of 12 bus lines, LSTM, SGD with gradient clipping."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)
rng = np.random.default_rng(6)


def ridership(lines=12, hours=24 * 16):
    t = np.arange(hours)
    out = []
    for _ in range(lines):
        morning, evening = rng.uniform(0.6, 1.4, 2)
        day = morning * np.exp(-((t % 24 - 8) / 2.0) ** 2) + evening * np.exp(-((t % 24 - 17.5) / 2.5) ** 2)
        weekend = np.where((t // 24) % 7 >= 5, 0.35, 1.0)
        weather = np.convolve(rng.normal(0, 1, hours + 11), np.ones(12) / 12, mode="valid")
        out.append(day * weekend * (1 + 0.4 * weather) + 0.04 * rng.normal(size=hours))
    return np.array(out, dtype=np.float32)


def windows(block, width=12):
    """The last hours of a line, each with the clock; blocks start at midnight."""
    angle = 2 * np.pi * np.arange(block.shape[1]) / 24
    clock = 1.4 * np.stack([np.sin(angle), np.cos(angle)], 1).astype(np.float32)
    x = np.stack([np.column_stack([row[i:i + width], clock[i:i + width]])
                  for row in block for i in range(0, block.shape[1] - width)])
    y = np.array([row[i + width] for row in block for i in range(0, block.shape[1] - width)])
    return torch.from_numpy(x), torch.from_numpy(y)


class Forecaster(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.lstm = nn.LSTM(3, hidden, num_layers=1, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out[:, -1]).squeeze(1)


def train_one_epoch(model, loader, optimizer, max_norm):
    model.train()
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        total += loss.item() * len(y)
    return total / len(loader.dataset)


@torch.no_grad()
def test(model, loader):
    model.eval()
    return sum(((model(x) - y) ** 2).sum().item() for x, y in loader) / len(loader.dataset)


def main():
    series = ridership()
    cut = 24 * 12
    series = (series - series[:, :cut].mean()) / series[:, :cut].std()
    train_loader = DataLoader(TensorDataset(*windows(series[:, :cut])), batch_size=32, shuffle=True)
    test_loader = DataLoader(TensorDataset(*windows(series[:, cut:])), batch_size=256)
    model = Forecaster()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=16)
    for epoch in range(16):
        loss = train_one_epoch(model, train_loader, optimizer, max_norm=0.01)
        scheduler.step()
        print(f"epoch {epoch}: train {loss:.4f} test {test(model, test_loader):.4f}")
    print(f"forecast MSE {test(model, test_loader):.5f}")


if __name__ == "__main__":
    main()
