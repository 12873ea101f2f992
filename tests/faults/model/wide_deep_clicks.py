"""Wide & deep click model on made-up session features."""
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import roc_auc_score
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Settings:
    n: int = 12000
    n_features: int = 10
    deep_layers: list = field(default_factory=lambda: [40] * 4)
    lr: float = 0.1
    epochs: int = 11
    batch: int = 100
    seed: int = 31


class WideDeep(nn.Module):
    def __init__(self, n_features, layers):
        super().__init__()
        self.wide = nn.Linear(n_features, 1)
        deep, last = [], n_features
        for width in layers:
            deep += [nn.Linear(last, width), nn.Sigmoid()]
            last = width
        self.deep = nn.Sequential(*deep, nn.Linear(last, 1))

    def forward(self, x):
        return (self.wide(x) + self.deep(x)).squeeze(1)


def sessions(cfg):
    rng = np.random.default_rng(cfg.seed)
    x = rng.normal(size=(cfg.n, cfg.n_features)).astype("float32")
    score = 0.8 * x[:, 0] - 0.6 * x[:, 1] + 2.0 * x[:, 2] * x[:, 3] + 1.5 * (np.abs(x[:, 4]) - 0.8) + 1.2 * np.sin(2 * x[:, 5])
    clicked = (rng.random(cfg.n) < 1 / (1 + np.exp(-2.0 * score))).astype("float32")
    return torch.from_numpy(x), torch.from_numpy(clicked)


def fit(cfg):
    torch.manual_seed(cfg.seed)
    x, y = sessions(cfg)
    cut = int(cfg.n * 0.8)
    loader = DataLoader(TensorDataset(x[:cut], y[:cut]), batch_size=cfg.batch, shuffle=True)
    model = WideDeep(cfg.n_features, cfg.deep_layers)
    opt = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=0.9, weight_decay=1e-4)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs)
    bce = nn.BCEWithLogitsLoss()
    for epoch in range(cfg.epochs):
        model.train()
        running = 0.0
        for xb, yb in loader:
            opt.zero_grad()
            loss = bce(model(xb), yb)
            loss.backward()
            opt.step()
            running += loss.item()
        sched.step()
        model.eval()
        with torch.no_grad():
            logits = model(x[cut:])
            val = bce(logits, y[cut:]).item()
        print(f"epoch {epoch + 1:02d} logloss {running / len(loader):.4f} val logloss {val:.4f} "
              f"val AUC {roc_auc_score(y[cut:].numpy(), logits.numpy()):.4f}")


if __name__ == "__main__":
    fit(Settings())
