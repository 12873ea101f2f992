"""Behaviour of laying hens from leg-band accelerometers, windows of two seconds at 16 Hz."""
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split

BEHAVIOURS = ["rest", "walk", "peck", "dustbathe"]


@dataclass
class Config:
    n_windows: int = 3600
    epochs: int = 12
    batch_size: int = 48
    lr: float = 3e-3
    seed: int = 21


def record(cfg):
    rng = np.random.default_rng(cfg.seed)
    t = np.arange(32) / 16
    freq, amp = [0.3, 2.0, 3.6, 2.7], [0.25, 1.0, 0.9, 1.3]
    state, left, states, windows = 0, 0, [], []
    for _ in range(cfg.n_windows):
        if left == 0:
            state, left = rng.integers(0, 4), rng.integers(15, 45)
        left -= 1
        phase, f = rng.uniform(0, 2 * np.pi), freq[state] * rng.normal(1, 0.08)
        a = amp[state] * rng.normal(1, 0.15)
        w = np.stack([a * np.sin(2 * np.pi * f * t + phase + k) for k in (0, 0.8, 1.9)])
        windows.append(w + rng.normal(0, 0.45, w.shape))
        states.append(state)
    windows = np.array(windows, dtype=np.float32)
    lost = rng.random(cfg.n_windows) < 0.012
    windows[lost, :, 20:] = np.nan
    return windows, np.array(states)


class Windows(Dataset):
    def __init__(self, cfg):
        signal, states = record(cfg)
        intact = ~np.isnan(signal).any(axis=(1, 2))
        signal = signal[intact]
        labels = states[:len(signal)]
        signal = (signal - signal.mean((0, 2), keepdims=True)) / signal.std((0, 2), keepdims=True)
        self.signal, self.labels = torch.from_numpy(signal), torch.from_numpy(labels)

    def __len__(self):
        return len(self.signal)

    def __getitem__(self, i):
        return self.signal[i], self.labels[i]


def make_net():
    return nn.Sequential(
        nn.Conv1d(3, 16, 7, padding=3), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(16, 24, 5, padding=2), nn.BatchNorm1d(24), nn.ReLU(),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(24, len(BEHAVIOURS)))


def main(cfg):
    torch.manual_seed(cfg.seed)
    data = Windows(cfg)
    n_val = len(data) // 4
    train_set, val_set = random_split(data, [len(data) - n_val, n_val])
    train_loader = DataLoader(train_set, cfg.batch_size, shuffle=True)
    val_loader = DataLoader(val_set, 300)
    net, loss_fn = make_net(), nn.CrossEntropyLoss()
    opt = torch.optim.AdamW(net.parameters(), lr=cfg.lr)
    for epoch in range(1, cfg.epochs + 1):
        net.train()
        losses = []
        for x, y in train_loader:
            opt.zero_grad()
            loss = loss_fn(net(x), y)
            loss.backward()
            opt.step()
            losses.append(loss.item())
        net.eval()
        hits, val_loss = 0, 0.0
        with torch.no_grad():
            for x, y in val_loader:
                out = net(x)
                val_loss += loss_fn(out, y).item() * len(y)
                hits += (out.argmax(1) == y).sum().item()
        print(f"{epoch:2d}: loss {np.mean(losses):.4f} | val loss {val_loss / n_val:.4f} acc {hits / n_val:.3f}")
    print(f"validation accuracy = {hits / n_val:.4f}")


if __name__ == "__main__":
    main(Config())
