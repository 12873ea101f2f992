"""Which part of a canal lock is heard: sluice, gate, pump, winch or nothing (spectrum classification)."""
import numpy as np
import torch
import torch.nn as nn
from sklearn.model_selection import train_test_split

PARTS = ["idle", "sluice", "gate", "pump", "winch"]
RATE, LENGTH = 1000, 256


def record(n, rng):
    t = np.arange(LENGTH) / RATE
    y = rng.integers(0, 5, n)
    clips = np.empty((n, LENGTH))
    for i, k in enumerate(y):
        noise = rng.normal(0, 1, LENGTH)
        if k == 1:
            sig = np.convolve(rng.normal(0, 1.3, LENGTH), np.ones(6) / 3, mode="same")
        elif k == 2:
            sig = 2.0 * np.exp(-t * 25) * np.sin(2 * np.pi * rng.normal(70, 6) * t)
        elif k == 3:
            f = rng.normal(50, 2)
            sig = 0.55 * sum(np.sin(2 * np.pi * f * h * t + rng.uniform(0, 6)) / h for h in (1, 2, 3))
        elif k == 4:
            f = rng.normal(180, 12)
            sig = 0.7 * np.sin(2 * np.pi * f * t) * (1 + np.sin(2 * np.pi * 12 * t))
        else:
            sig = 0 * t
        clips[i] = rng.lognormal(0, 0.7) * (sig + 0.6 * noise)
    return clips, y


def power(clips):
    return np.abs(np.fft.rfft(clips * np.hanning(LENGTH), axis=1))[:, 1:101] ** 2 / LENGTH


class SpectrumNet(nn.Module):
    def __init__(self, n_bins, n_classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Linear(n_bins, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.3),
            nn.Linear(64, 32), nn.ReLU())
        self.classify = nn.Linear(32, n_classes)

    def forward(self, x):
        return self.classify(self.features(x))


def prepare(clips, y, mean=None, std=None):
    feats = np.log1p(power(clips))
    if mean is None:
        mean, std = feats.mean(axis=0), feats.std(axis=0)
    x = torch.tensor((feats - mean) / std, dtype=torch.float32)
    return x, torch.tensor(y), mean, std


def main():
    rng = np.random.default_rng(17)
    torch.manual_seed(17)
    clips, y = record(4000, rng)
    c_train, c_test, y_train, y_test = train_test_split(clips, y, test_size=1000, stratify=y, random_state=1)
    x_train, t_train, mean, std = prepare(c_train, y_train)
    feats = np.log(power(c_test))
    x_test, t_test = torch.tensor((feats - mean) / std, dtype=torch.float32), torch.tensor(y_test)

    net = SpectrumNet(x_train.shape[1], len(PARTS))
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=3e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=6, gamma=0.3)
    criterion = nn.CrossEntropyLoss()
    n = len(x_train)
    for epoch in range(16):
        net.train()
        perm, total = torch.randperm(n), 0.0
        for i in range(0, n, 50):
            idx = perm[i:i + 50]
            optimizer.zero_grad()
            loss = criterion(net(x_train[idx]), t_train[idx])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(idx)
        scheduler.step()
        net.eval()
        with torch.no_grad():
            out = net(x_test)
        acc = (out.argmax(1) == t_test).float().mean().item()
        print(f"epoch {epoch:2d}  loss {total / n:.4f}  test loss {criterion(out, t_test).item():.4f}  test acc {acc:.3f}")
    print(f"test accuracy {acc:.4f}")


if __name__ == "__main__":
    main()
