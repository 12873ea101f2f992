"""Predict four soil properties from a reflectance spectrum with one trunk and a head for each property."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

PROPERTIES = ["carbon", "clay", "ph", "moisture"]


class SoilSpectra(Dataset):
    def __init__(self, n, seed, stats=None):
        rng = np.random.default_rng(seed)
        bands = np.linspace(0, 1, 40)
        z = rng.normal(size=(n, 5))
        centres, widths = [0.15, 0.35, 0.5, 0.7, 0.9], [0.08, 0.12, 0.1, 0.06, 0.09]
        peaks = np.stack([np.exp(-0.5 * ((bands - c) / w) ** 2) for c, w in zip(centres, widths)])
        x = z @ peaks + 0.15 * rng.normal(size=(n, 40))
        y = np.stack([z[:, 0] + 0.6 * np.tanh(z[:, 1]), z[:, 0] + 0.8 * z[:, 2] * z[:, 4] , z[:, 3] + 0.7 * z[:, 0],
                      0.8 * z[:, 0] + np.sin(1.5 * z[:, 4])], 1)
        y += 0.1 * rng.normal(size=y.shape)
        self.stats = stats or (x.mean(0), x.std(0), y.mean(0), y.std(0))
        mx, sx, my, sy = self.stats
        self.x = torch.tensor((x - mx) / sx, dtype=torch.float32)
        self.y = torch.tensor((y - my) / sy, dtype=torch.float32)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], {name: self.y[i, k] for k, name in enumerate(PROPERTIES)}


class SoilNet(nn.Module):
    def __init__(self, bands=40, width=48):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(bands, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.heads = nn.ModuleDict(dict.fromkeys(PROPERTIES, nn.Linear(width, 1)))

    def forward(self, x):
        h = self.trunk(x)
        return {name: head(h).squeeze(-1) for name, head in self.heads.items()}


def multitask_loss(out, target):
    return sum(nn.functional.mse_loss(out[k], target[k]) for k in PROPERTIES) / len(PROPERTIES)


def main():
    torch.manual_seed(4)
    train = SoilSpectra(2500, seed=4)
    test = SoilSpectra(600, seed=5, stats=train.stats)
    train_loader = DataLoader(train, batch_size=50, shuffle=True)
    test_loader = DataLoader(test, batch_size=300)
    net = SoilNet()
    optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=0.05)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=24)
    for epoch in range(24):
        net.train()
        losses = []
        for x, target in train_loader:
            optimizer.zero_grad()
            loss = multitask_loss(net(x), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        net.eval()
        with torch.no_grad():
            test_mse = np.mean([multitask_loss(net(x), t).item() for x, t in test_loader])
        print(f"epoch {epoch + 1:2d} | train mse {np.mean(losses):.4f} | test mse {test_mse:.4f}")


main()
