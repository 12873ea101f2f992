"""Predict peat moisture from near infrared reflectance, mixed precision."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

CONFIG = dict(batch_size=64, epochs=16, base_lr=0.1, max_norm=1.0, hidden=64, init_scale=2.0 ** 10)


def spectra(n, bands=24, seed=17):
    rng = np.random.default_rng(seed)
    grid = np.linspace(0, 1, bands)
    moisture = rng.uniform(0, 1, n)
    ash = rng.uniform(0, 1, n)
    X = (1 - 0.5 * moisture[:, None] * np.exp(-((grid - 0.35) / 0.12) ** 2)
         - 0.4 * ash[:, None] * moisture[:, None] * np.exp(-((grid - 0.6) / 0.2) ** 2)
         + 0.05 * rng.normal(size=(n, 1)) * grid + 0.04 * rng.normal(size=(n, bands)))
    return X.astype(np.float32), moisture.astype(np.float32)


class MoistureNet(nn.Module):
    def __init__(self, bands, hidden):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(bands, hidden), nn.LayerNorm(hidden), nn.GELU(),
            nn.Linear(hidden, hidden), nn.GELU(),
            nn.Linear(hidden, 1))

    def forward(self, x):
        return self.layers(x).flatten()


def train_epoch(model, loader, optimizer, scaler, max_norm):
    model.train()
    running = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            pred = model(x)
        loss = nn.functional.mse_loss(pred.float(), y)
        scaler.scale(loss).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        scaler.step(optimizer)
        scaler.update()
        running += loss.item() * len(x)
    return running / len(loader.dataset)


@torch.no_grad()
def test(model, x, y):
    model.eval()
    return nn.functional.mse_loss(model(x), y).item()


def main():
    torch.manual_seed(CONFIG["batch_size"])
    X, y = spectra(3600)
    X_tr, X_te = X[:3000], X[3000:]
    mu, sd = X_tr.mean(0), X_tr.std(0)
    X_tr, X_te = torch.tensor((X_tr - mu) / sd), torch.tensor((X_te - mu) / sd)
    y = torch.tensor((y - y[:3000].mean()) / y[:3000].std())
    loader = DataLoader(TensorDataset(X_tr, y[:3000]), batch_size=CONFIG["batch_size"], shuffle=True)
    model = MoistureNet(X.shape[1], CONFIG["hidden"])
    optimizer = torch.optim.SGD(model.parameters(), lr=CONFIG["base_lr"], momentum=0.9, weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, CONFIG["epochs"])
    scaler = torch.amp.GradScaler("cpu", init_scale=CONFIG["init_scale"])
    for epoch in range(CONFIG["epochs"]):
        tr = train_epoch(model, loader, optimizer, scaler, CONFIG["max_norm"])
        scheduler.step()
        te = test(model, X_te, y[3000:])
        print(f"epoch {epoch:2d} train mse {tr:.4f} test mse {te:.4f}")
    print(f"test MSE (standardised moisture): {te:.4f}")


if __name__ == "__main__":
    main()
