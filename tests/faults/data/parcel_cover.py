"""Land cover of parcels from a year of monthly reflectances (4 bands)."""
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    n_parcels: int = 3000
    epochs: int = 12
    batch_size: int = 50
    lr: float = 2e-3
    label: str = "cover_2008"
    seed: int = 42


COVERS = ["meadow", "maize", "forest", "orchard", "urban"]


def build_table(cfg):
    rng = np.random.default_rng(cfg.seed)
    now = rng.integers(0, len(COVERS), cfg.n_parcels)
    converted = np.array([0.3, 0.56, 0.25, 0.58, 0.5])
    former = np.array([2, 0, 0, 2, 1])
    changed = rng.random(cfg.n_parcels) < converted[now]
    before = np.where(changed, former[now], now)
    months = np.arange(12)
    peak = np.array([4.2, 7.2, 6.0, 5.0, 6.5])
    height = np.array([0.8, 1.4, 1.1, 1.2, 0.4])
    shift = peak[now] + rng.normal(0, 0.4, cfg.n_parcels)
    curve = height[now, None] * np.exp(-((months - shift[:, None]) ** 2) / 6)
    mixing = np.array([[1.0, 0.3], [0.6, -0.5], [-0.8, 0.2], [0.2, 0.9]])
    soil = rng.normal(0, 0.3, (cfg.n_parcels, 1)) + 0.25 * (now[:, None] == 4)
    bands = np.stack([m[0] * curve + m[1] * soil for m in mixing], -1)
    bands += rng.normal(0, 0.2, bands.shape)
    table = pd.DataFrame({"parcel": np.arange(cfg.n_parcels), "cover_2008": before, "cover_2019": now})
    return bands.astype(np.float32), table


class CoverGRU(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gru = nn.GRU(4, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(2 * hidden, len(COVERS)))

    def forward(self, x):
        return self.head(self.gru(x)[0].mean(1))


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


def main(cfg):
    torch.manual_seed(cfg.seed)
    bands, table = build_table(cfg)
    cut = int(0.75 * cfg.n_parcels)
    bands = (bands - bands[:cut].mean((0, 1))) / bands[:cut].std((0, 1))
    x = torch.from_numpy(bands)
    y = torch.tensor(table[cfg.label].values)
    y_survey = torch.tensor(table["cover_2019"].values)

    loader = DataLoader(TensorDataset(x[:cut], y[:cut]), batch_size=cfg.batch_size, shuffle=True)
    model = CoverGRU()
    opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    ce = nn.CrossEntropyLoss()
    for epoch in range(cfg.epochs):
        model.train()
        losses = []
        for xb, yb in loader:
            opt.zero_grad()
            loss = ce(model(xb), yb)
            loss.backward()
            opt.step()
            losses.append(loss.item())
        print(f"epoch {epoch:2d} loss {np.mean(losses):.4f} "
              f"train acc {accuracy(model, x[:cut], y[:cut]):.3f} test acc {accuracy(model, x[cut:], y_survey[cut:]):.3f}")
    print(f"survey accuracy: {accuracy(model, x[cut:], y_survey[cut:]):.4f}")


if __name__ == "__main__":
    main(Config())
