import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Climate(Dataset):
    """Windows of (temperature, sun, vent) and the temperature three hours on."""

    def __init__(self, table, mean, std, window=24, ahead=3):
        self.z = torch.tensor((table - mean) / std, dtype=torch.float32)
        self.window, self.ahead = window, ahead

    def __len__(self):
        return len(self.z) - self.window - self.ahead

    def __getitem__(self, i):
        end = i + self.window
        return self.z[i:end].t(), self.z[end + self.ahead - 1, 0]


def simulate(hours, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(hours)
    cloud = np.zeros(hours)
    temp = np.full(hours, 18.0)
    for i in range(1, hours):
        cloud[i] = 0.95 * cloud[i - 1] + 0.2 * rng.standard_normal()
    sun = np.maximum(0, np.sin(2 * np.pi * (t - 6) / 24)) * np.exp(-np.abs(cloud))
    vent = ((t // 5) % 3 == 0).astype(float)
    for i in range(1, hours):
        temp[i] = temp[i - 1] + 2.2 * sun[i - 1] - (0.12 + 0.15 * vent[i - 1]) * (temp[i - 1] - 12) + 0.25 * rng.standard_normal()
    return np.stack([temp, sun, vent], 1)


class Causal(nn.Module):
    def __init__(self, cin, cout, dilation):
        super().__init__()
        self.pad = nn.ConstantPad1d((2 * dilation, 0), 0.0)
        self.conv = nn.Conv1d(cin, cout, 3, dilation=dilation)
        self.skip = nn.Conv1d(cin, cout, 1) if cin != cout else nn.Identity()

    def forward(self, x):
        return torch.relu(self.conv(self.pad(x))) + self.skip(x)


class TCN(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.net = nn.Sequential(Causal(3, width, 1), Causal(width, width, 2), Causal(width, width, 4))
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        return self.out(self.net(x)[..., -1]).squeeze(-1)


def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    losses = []
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.mean(losses)


def validate(model, loader, criterion):
    model.eval()
    total = 0.0
    with torch.no_grad():
        for x, y in loader:
            total += criterion(model(x), y).item()
    return total / len(loader.dataset)


def main():
    torch.manual_seed(12)
    table = simulate(5200, seed=12)
    fit, hold = table[:4000], table[4000:]
    mean, std = fit.mean(0), fit.std(0)
    train_loader = DataLoader(Climate(fit, mean, std), batch_size=64, shuffle=True)
    val_loader = DataLoader(Climate(hold, mean, std), batch_size=64)
    model = TCN()
    criterion = nn.L1Loss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 12)
    for epoch in range(12):
        tr = train_one_epoch(model, train_loader, criterion, optimizer)
        va = validate(model, val_loader, criterion)
        scheduler.step()
        print(f"epoch {epoch:2d} train MAE {tr:.5f} val MAE {va:.5f}")
    print(f"final: validation MAE {va:.5f} (standardised), {va * std[0]:.4f} degrees")


main()
