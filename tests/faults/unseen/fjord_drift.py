"""Drifter tracks in a fjord: six channels logged over time, six current regimes."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(14)
torch.set_num_threads(1)

REGIMES, STEPS, CHANNELS = 6, 32, 6


def drifters(n, seed):
    mixing = np.random.default_rng(70).normal(0, 1, (REGIMES, 2, CHANNELS))
    rng = np.random.default_rng(seed)
    regime = rng.integers(0, REGIMES, n)
    t = np.arange(STEPS)
    slow = np.sin(2 * np.pi * t / 20 + rng.uniform(0, 6.28, (n, 1)))
    fast = np.sin(2 * np.pi * t / 7 + rng.uniform(0, 6.28, (n, 1)))
    tracks = slow[:, :, None] * mixing[regime, 0][:, None, :] + fast[:, :, None] * mixing[regime, 1][:, None, :]
    tracks = tracks + 1.0 * rng.standard_normal(tracks.shape)
    return tracks.astype("float32"), regime


class DriftNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(CHANNELS, 24, 5), nn.ReLU(),
            nn.Conv1d(24, 32, 5), nn.ReLU(),
            nn.AdaptiveAvgPool1d(1), nn.Flatten(),
            nn.Linear(32, REGIMES),
        )

    def forward(self, x):
        x = x.reshape(x.shape[0], CHANNELS, STEPS)
        return self.net(x)


tracks, regime = drifters(1600, seed=1)
test_tracks, test_regime = drifters(500, seed=2)
scale = tracks.std()
loader = DataLoader(TensorDataset(torch.from_numpy(tracks / scale), torch.from_numpy(regime)), batch_size=40, shuffle=True)
x_test, y_test = torch.from_numpy(test_tracks / scale), torch.from_numpy(test_regime)

model = DriftNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
criterion = nn.CrossEntropyLoss(label_smoothing=0.05)

for epoch in range(10):
    model.train()
    for batch, (x, y) in enumerate(loader):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        out = model(x_test)
    print(f"{epoch + 1:2d}/10 train {loss.item():.3f} test {criterion(out, y_test).item():.3f} accuracy {(out.argmax(1) == y_test).float().mean().item():.3f}")
