import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader


class TideWindows(Dataset):
    """the last 32 quarter-hours -> level six steps ahead"""

    def __init__(self, series, past=32, ahead=6):
        self.series, self.past, self.ahead = series, past, ahead

    def __len__(self):
        return len(self.series) - self.past - self.ahead + 1

    def __getitem__(self, i):
        window = self.series[i:i + self.past]
        return window[None, :], self.series[i + self.past + self.ahead - 1]


class CausalConv(nn.Module):
    def __init__(self, c_in, c_out, dilation):
        super().__init__()
        self.pad = 2 * dilation
        self.conv = nn.Conv1d(c_in, c_out, 3, dilation=dilation)

    def forward(self, x):
        return torch.relu(self.conv(nn.functional.pad(x, (self.pad, 0))))


class TCN(nn.Module):
    def __init__(self, channels=(16, 16, 16, 16)):
        super().__init__()
        layers, c_in = [], 1
        for depth, c in enumerate(channels):
            layers.append(CausalConv(c_in, c, 2 ** depth))
            c_in = c
        self.layers = layers
        self.readout = nn.Linear(c_in, 1)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.readout(x[:, :, -1]).squeeze(-1)


def gauge(n=3200, seed=5):
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    wander = np.cumsum(rng.normal(0, 0.05, n))
    level = np.sin(2 * np.pi * t / 24.8 + wander) * (1 + 0.5 * np.sin(2 * np.pi * t / 171))
    level += 0.5 * np.sin(4 * np.pi * t / 24.8 + 2 * wander) + 0.05 * rng.normal(size=n)
    return torch.tensor(level, dtype=torch.float32)


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)
        self.decay = torch.optim.lr_scheduler.ExponentialLR(self.opt, 0.85)
        self.loss = nn.MSELoss()

    def run(self, loader, train):
        self.model.train(train)
        total = 0.0
        with torch.set_grad_enabled(train):
            for x, y in loader:
                loss = self.loss(self.model(x), y)
                if train:
                    self.opt.zero_grad()
                    loss.backward()
                    self.opt.step()
                total += loss.item() * len(y)
        if train:
            self.decay.step()
        return total / len(loader.dataset)


if __name__ == "__main__":
    torch.manual_seed(5)
    level = gauge()
    mean, std = level[:2400].mean(), level[:2400].std()
    level = (level - mean) / std
    train_dl = DataLoader(TideWindows(level[:2400]), batch_size=32, shuffle=True)
    val_dl = DataLoader(TideWindows(level[2400:]), batch_size=256)
    trainer = Trainer(TCN(), lr=3e-3)
    print("parameters:", sum(p.numel() for p in trainer.model.parameters()))
    for epoch in range(1, 16):
        tr, va = trainer.run(train_dl, True), trainer.run(val_dl, False)
        print(f"epoch {epoch} train {tr:.4f} val {va:.4f}")
    print(f"val MSE: {va:.5f}")
