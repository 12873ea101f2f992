import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class StrideClassifier(nn.Module):
    """Technique of a skater from the three axes of a boot sensor."""

    def __init__(self, channels=3, n_classes=6):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(channels, 16, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(16, 32, 5, padding=2), nn.ReLU(), nn.AdaptiveAvgPool1d(4),
        )
        self.classifier = nn.Linear(128, n_classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def strides(n, rng, length=48):
    y = rng.integers(0, 6, n)
    t = np.linspace(0, 1, length)
    freq = 2.0 + 0.6 * y[:, None] + rng.normal(0, 0.15, (n, 1))
    phase = rng.uniform(0, 2 * np.pi, (n, 1))
    axes = [np.sin(2 * np.pi * freq * t + phase),
            np.cos(2 * np.pi * freq * t * (1 + (y[:, None] % 2)) + phase),
            np.sign(np.sin(2 * np.pi * freq * t + phase)) * (0.4 + 0.15 * y[:, None])]
    x = np.stack(axes, 1) + rng.normal(0, 1.1, (n, 3, length))
    x = (x - x.mean((0, 2), keepdims=True)) / x.std((0, 2), keepdims=True)
    return TensorDataset(torch.tensor(x, dtype=torch.float32), torch.tensor(y))


def train_epoch(model, loader, criterion, optimizer):
    model.train()
    optimizer.zero_grad()
    running = 0.0
    for inputs, targets in loader:
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        running += loss.item() * inputs.size(0)
    return running / len(loader.dataset)


@torch.no_grad()
def test(model, loader, criterion):
    model.eval()
    correct, loss = 0, 0.0
    for inputs, targets in loader:
        out = model(inputs)
        loss += criterion(out, targets).item() * len(targets)
        correct += (out.argmax(1) == targets).sum().item()
    return loss / len(loader.dataset), correct / len(loader.dataset)


def main():
    torch.manual_seed(17)
    rng = np.random.default_rng(17)
    train_loader = DataLoader(strides(1600, rng), batch_size=32, shuffle=True)
    test_loader = DataLoader(strides(500, rng), batch_size=250)
    model = StrideClassifier()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[9], gamma=0.2)
    for epoch in range(12):
        loss = train_epoch(model, train_loader, criterion, optimizer)
        test_loss, acc = test(model, test_loader, criterion)
        scheduler.step()
        print(f"Epoch {epoch:02d} | train {loss:.4f} | test {test_loss:.4f} | acc {acc:.3f}")
    print(f"final test accuracy: {acc:.4f}")


if __name__ == "__main__":
    main()
