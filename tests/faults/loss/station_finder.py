"""Which platform is the phone standing on?  Wi-Fi fingerprints -> station name."""
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader


@dataclass
class Config:
    stations: int = 12
    beacons: int = 10
    per_station: int = 120
    noise: float = 1.7
    batch_size: int = 64
    epochs: int = 15
    lr: float = 6e-3
    seed: int = 21


def collect(cfg):
    rng = np.random.default_rng(cfg.seed)
    grid = np.array([(15.0 * (k % 4), 20.0 * (k // 4)) for k in range(cfg.stations)])
    spots = rng.permutation(grid) + rng.uniform(0, 6, size=grid.shape)
    beacons = rng.uniform(0, 60, size=(cfg.beacons, 2))
    rows, names = [], []
    for s in range(cfg.stations):
        where = spots[s] + rng.normal(scale=1.5, size=(cfg.per_station, 2))
        dist = np.linalg.norm(where[:, None] - beacons[None], axis=-1)
        rows.append(-35 - 20 * np.log10(dist + 1) + rng.normal(scale=cfg.noise, size=dist.shape))
        names += [f"S{s}"] * cfg.per_station
    return np.concatenate(rows), np.array(names)


class FingerprintDataset(Dataset):
    def __init__(self, rssi, names, mean, std):
        self.x = torch.tensor((rssi - mean) / std, dtype=torch.float32)
        self.names = list(names)

    def __len__(self):
        return len(self.names)

    def __getitem__(self, i):
        label = int(self.names[i][-1])
        return self.x[i], label


def predict_names(model, x):
    model.eval()
    with torch.no_grad():
        return [f"S{k}" for k in model(x).argmax(1).tolist()]


def main(cfg=Config()):
    torch.manual_seed(cfg.seed)
    rssi, names = collect(cfg)
    order = np.random.default_rng(cfg.seed + 1).permutation(len(names))
    cut = int(0.75 * len(order))
    tr, te = order[:cut], order[cut:]
    mean, std = rssi[tr].mean(0), rssi[tr].std(0)
    train = FingerprintDataset(rssi[tr], names[tr], mean, std)
    test = FingerprintDataset(rssi[te], names[te], mean, std)
    loader = DataLoader(train, batch_size=cfg.batch_size, shuffle=True)

    model = nn.Sequential(nn.Linear(cfg.beacons, 48), nn.SiLU(), nn.Linear(48, cfg.stations))
    optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=0.02)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(cfg.epochs):
        model.train()
        total = 0.0
        for x, y in loader:
            loss = loss_fn(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        guess = predict_names(model, test.x)
        hit = np.mean([g == n for g, n in zip(guess, test.names)])
        print(f"[{epoch:02d}] train loss {total / len(train):.4f} | station accuracy {hit:.4f}")


if __name__ == "__main__":
    main()
