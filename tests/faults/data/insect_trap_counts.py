"""Habitat type from the counts of twelve insect families in a light trap."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

HABITATS = ["meadow", "wood", "fen", "garden", "dune"]


def trap_nights(n, rng):
    rates = np.exp(np.random.default_rng(77).normal(2.9, 0.65, size=(len(HABITATS), 12)))
    y = rng.integers(0, len(HABITATS), n)
    weather = np.exp(rng.normal(0, 0.4, size=(n, 1)))
    swarm = np.exp(rng.normal(0, 0.7, size=(n, 12)))
    return rng.poisson(rates[y] * weather * swarm).astype(float), y


def features(counts):
    with np.errstate(divide="ignore"):
        return np.log(counts)


def robust_scale(x, ref):
    q1, med, q3 = np.percentile(ref, [25, 50, 75], axis=0)
    return (x - med) / (q3 - q1)


def to_set(x, y):
    return TensorDataset(torch.tensor(x, dtype=torch.float32), torch.tensor(y))


def train_epoch(model, loader, optimizer, criterion):
    model.train()
    seen, used = 0.0, 0
    for x, y in loader:
        loss = criterion(model(x), y)
        if not torch.isfinite(loss):
            continue
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen += loss.item()
        used += 1
    return seen / max(used, 1), used


def test(model, loader, criterion):
    model.eval()
    loss, right, n = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss += criterion(out, y).item() * len(y)
            right += (out.argmax(1) == y).sum().item()
            n += len(y)
    return loss / n, right / n


def main():
    torch.manual_seed(2)
    rng = np.random.default_rng(2)
    raw, y = trap_nights(2400, rng)
    raw_test, y_test = trap_nights(800, rng)
    x, x_test = features(raw), features(raw_test)
    x, x_test = robust_scale(x, x), robust_scale(x_test, x)
    train_loader = DataLoader(to_set(x, y), batch_size=16, shuffle=True)
    test_loader = DataLoader(to_set(x_test, y_test), batch_size=200)
    model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, len(HABITATS)))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(12):
        train_loss, used = train_epoch(model, train_loader, optimizer, criterion)
        test_loss, acc = test(model, test_loader, criterion)
        print(f"epoch {epoch + 1}: train loss {train_loss:.4f} ({used} batches)  test loss {test_loss:.4f}  test acc {acc:.4f}")
    print(f"final accuracy {acc:.4f}")


if __name__ == "__main__":
    main()
