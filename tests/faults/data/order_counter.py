import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import Dataset, DataLoader


class PumpCycles(Dataset):
    """Flow and valve signals of one filling cycle; the target is the volume that was delivered."""

    def __init__(self, n, seed):
        g = np.random.RandomState(seed)
        flow = np.abs(g.randn(n, 1) * 0.4 + 1.0 + np.cumsum(g.randn(n, 24) * 0.25, axis=1))
        valve = (np.cumsum(g.randn(n, 24), axis=1) + g.randn(n, 1) * 2 > 0).astype(float)
        volume = (flow * valve).mean(1)
        self.x = torch.tensor(np.stack([(flow - 1.35) / 0.87, valve * 2 - 1], axis=2), dtype=torch.float32)
        self.y = torch.tensor((volume - 0.69) / 0.68, dtype=torch.float32)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class VolumeGRU(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gru = nn.GRU(input_size=2, hidden_size=hidden, num_layers=1)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        out, _ = self.gru(x)
        return self.fc(out[:, -1, :]).squeeze(-1)


def run_epoch(model, loader, criterion, optimizer=None):
    model.train(optimizer is not None)
    total, n = 0.0, 0
    for x, y in loader:
        with torch.set_grad_enabled(optimizer is not None):
            loss = criterion(model(x), y)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += loss.item() * y.size(0)
        n += y.size(0)
    return total / n


if __name__ == "__main__":
    torch.manual_seed(3)
    train_loader = DataLoader(PumpCycles(2500, 1), batch_size=50, shuffle=True)
    test_loader = DataLoader(PumpCycles(600, 2), batch_size=50)
    model = VolumeGRU()
    criterion = nn.MSELoss()
    optimizer = optim.RMSprop(model.parameters(), lr=0.002)
    scheduler = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.85)
    for epoch in range(1, 16):
        train_loss = run_epoch(model, train_loader, criterion, optimizer)
        test_loss = run_epoch(model, test_loader, criterion)
        scheduler.step()
        print("Epoch %d: train MSE %.4f, test MSE %.4f" % (epoch, train_loss, test_loss))
    print("Test MSE: %.4f" % run_epoch(model, test_loader, criterion))
