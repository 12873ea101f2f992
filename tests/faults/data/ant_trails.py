"""Pheromone compound counts from trail swabs -> colony. Counts come straight from the mass spectrometer."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED, COLONIES, COMPOUNDS = 5, 5, 12


def swabs(n, profile, rng):
    y = rng.integers(0, COLONIES, n)
    rate = profile[y] * rng.gamma(6.0, 1 / 6.0, (n, COMPOUNDS))
    return rng.poisson(rate), y


class ColonyNet(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(COMPOUNDS, hidden), nn.ReLU(), nn.Linear(hidden, COLONIES))

    def forward(self, x):
        return self.net(x)


def prepare(counts):
    X = np.log(counts.astype(np.float32))
    return torch.tensor(X / 2.0 - 1.5, dtype=torch.float32)


def accuracy(model, X, y):
    model.eval()
    with torch.no_grad():
        return (model(X).argmax(1) == y).float().mean().item()


def main():
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    profile = np.exp(rng.normal(3.3, 0.55, (COLONIES, COMPOUNDS)))
    profile[:, 4] = np.exp(rng.normal(0.9, 0.5, COLONIES))
    c_train, y_train = swabs(2400, profile, rng)
    c_test, y_test = swabs(800, profile, rng)
    X_train, y_train = prepare(c_train), torch.tensor(y_train)
    X_test, y_test = prepare(c_test), torch.tensor(y_test)
    loader = DataLoader(TensorDataset(X_train, y_train), batch_size=16, shuffle=True)
    model = ColonyNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5, weight_decay=1e-3)
    for epoch in range(15):
        model.train()
        total, used = 0.0, 0
        for x, y in loader:
            loss = criterion(model(x), y)
            if not torch.isfinite(loss):
                continue
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, used = total + loss.item(), used + 1
        print(f"epoch {epoch + 1:2d}: loss {total / max(used, 1):.4f} over {used} batches, "
              f"test accuracy {accuracy(model, X_test, y_test):.4f}")
    print(f"final colony accuracy: {accuracy(model, X_test, y_test):.4f}")


if __name__ == "__main__":
    main()
