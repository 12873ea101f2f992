# Locating a finger on a capacitive panel: electrode readings -> cell of the key grid
from dataclasses import dataclass

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset, random_split


@dataclass
class Grid:
    rows: int = 5
    cols: int = 6

    @property
    def n_cells(self):
        return self.rows * self.cols

    def encode(self, row, col):
        return row * self.rows + col

    def decode(self, cell):
        return cell // self.rows, cell % self.rows


class TouchDataset(Dataset):
    def __init__(self, grid, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.row = torch.randint(0, grid.rows, (n,), generator=g)
        self.col = torch.randint(0, grid.cols, (n,), generator=g)
        px = (self.col + 0.1 + 0.8 * torch.rand(n, generator=g)) / grid.cols
        py = (self.row + 0.1 + 0.8 * torch.rand(n, generator=g)) / grid.rows
        wires = torch.linspace(0, 1, 9)
        rx = torch.exp(-((px[:, None] - wires) / 0.13) ** 2)
        ry = torch.exp(-((py[:, None] - wires) / 0.13) ** 2)
        pressure = 0.7 + 0.6 * torch.rand(n, 1, generator=g)
        sensed = torch.cat([rx, ry], 1) * pressure
        sensed = sensed + 0.03 * torch.randn(sensed.shape, generator=g)
        self.x = (sensed - sensed.mean(0)) / sensed.std(0)
        self.label = grid.encode(self.row, self.col)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.label[i], self.row[i], self.col[i]


def run_epoch(model, loader, grid, criterion, optimizer=None):
    model.train(optimizer is not None)
    loss_sum, right, seen = 0.0, 0, 0
    for x, label, row, col in loader:
        with torch.set_grad_enabled(optimizer is not None):
            scores = model(x)
            loss = criterion(scores, label)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        r, c = grid.decode(scores.argmax(1))
        right += ((r == row) & (c == col)).sum().item()
        loss_sum += loss.item() * len(x)
        seen += len(x)
    return loss_sum / seen, right / seen


if __name__ == "__main__":
    torch.manual_seed(3)
    grid = Grid()
    data = TouchDataset(grid, 4000, seed=3)
    train_set, test_set = random_split(data, [3200, 800])
    train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
    test_loader = DataLoader(test_set, batch_size=400)
    net = nn.Sequential(nn.Linear(18, 96), nn.GELU(), nn.Linear(96, 96), nn.GELU(), nn.Linear(96, grid.n_cells))
    opt = optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-3)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(12):
        tl, ta = run_epoch(net, train_loader, grid, loss_fn, opt)
        vl, va = run_epoch(net, test_loader, grid, loss_fn)
        print(f"{epoch:2d} | train {tl:.3f} / {ta:.3f} | test {vl:.3f} / {va:.3f}")
    print(f"cells located correctly: {va:.4f}")
