"""Regress ice load on a wind turbine blade from vibration features."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def simulate(n, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 6, generator=g)
    ice = torch.sin(1.5 * x[:, 0]) * x[:, 1] + 0.7 * x[:, 2] ** 2 - x[:, 3] * x[:, 4] + 0.5 * x[:, 5]
    ice = ice + 0.15 * torch.randn(n, generator=g)
    return x, ((ice - 0.7) / 1.75).unsqueeze(1)


class IcingModel(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(6, hidden), nn.LeakyReLU(0.1),
            nn.Linear(hidden, hidden), nn.LeakyReLU(0.1),
            nn.Linear(hidden, 1),
        )

    def forward(self, x):
        return self.net(x)


def evaluate(model, loader, criterion):
    model.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += criterion(model(x), y).item() * len(x)
            count += len(x)
    return total / count


def train(model, train_loader, val_loader, epochs=30):
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=10)
    for epoch in range(epochs):
        model.train()
        running = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            scheduler.step(loss.item())
            running += loss.item()
        val = evaluate(model, val_loader, criterion)
        print(f"epoch {epoch + 1:2d}/{epochs}  train {running / len(train_loader):.4f}  val {val:.4f}")
    return val


def main():
    torch.manual_seed(2)
    train_loader = DataLoader(TensorDataset(*simulate(5000, 0)), batch_size=100, shuffle=True)
    val_loader = DataLoader(TensorDataset(*simulate(1000, 1)), batch_size=500)
    val = train(IcingModel(), train_loader, val_loader)
    print(f"best estimate of the error: {val:.4f}")


if __name__ == "__main__":
    main()
