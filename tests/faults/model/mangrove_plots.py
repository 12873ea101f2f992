"""Mangrove survey: five zones told apart by what the boat's crew measured on a plot."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

FIELDS = ["salinity", "silt", "canopy", "root_height", "crabs", "depth", "oxygen"]
ZONES = 5


def survey(n, rng):
    zone = rng.integers(0, ZONES, n)
    centre = np.random.default_rng(99).normal(0, 1.45, (ZONES, len(FIELDS)))
    x = centre[zone] + rng.normal(0, 1.0, (n, len(FIELDS)))
    x[:, 4] = np.exp(0.4 * x[:, 4])
    return x, zone


def loaders(batch_size):
    rng = np.random.default_rng(14)
    x, y = survey(3330, rng)
    train, test = slice(0, 3000), slice(3000, None)
    mu, sigma = x[train].mean(0), x[train].std(0)
    x = torch.tensor((x - mu) / sigma, dtype=torch.float32)
    y = torch.tensor(y)
    return (DataLoader(TensorDataset(x[train], y[train]), batch_size=batch_size, shuffle=True),
            DataLoader(TensorDataset(x[test], y[test]), batch_size=128))


def evaluate(model, loader):
    model.eval()
    correct = 0
    with torch.no_grad():
        for x, y in loader:
            correct += (model(x).argmax(dim=1) == y).sum().item()
    return correct / (len(loader) * loader.batch_size)


def train(epochs=18, batch_size=50):
    torch.manual_seed(14)
    train_loader, test_loader = loaders(batch_size)
    model = nn.Sequential(nn.Linear(len(FIELDS), 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, ZONES))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        running, seen = 0.0, 0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            running += loss.item() * len(y)
            seen += len(y)
        scheduler.step()
        print(f"Epoch {epoch + 1}/{epochs} loss: {running / seen:.4f} test accuracy: {evaluate(model, test_loader):.4f}")
    return evaluate(model, test_loader)


if __name__ == "__main__":
    print(f"Final accuracy: {train():.4f}")
