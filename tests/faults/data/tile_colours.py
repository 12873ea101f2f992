import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

SIZE = 12


def paint_tiles(n, seed):
    """RGB tiles with a coloured stripe pattern, stored as height x width x channel."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % 6)
    rows, cols = np.mgrid[:SIZE, :SIZE]
    tiles = rng.normal(0.45, 0.22, (n, SIZE, SIZE, 3))
    for tile, label in zip(tiles, labels):
        colour, direction = label % 3, label // 3
        wave = rows if direction == 0 else cols
        tile[:, :, colour] += 0.22 * np.sin(2 * np.pi * wave / 6 + rng.uniform(0, 6.28))
    return tiles.astype(np.float32), labels


class TileDataset(Dataset):
    def __init__(self, tiles, labels, mean, std):
        images = torch.from_numpy((tiles - mean) / std)
        self.images = images.reshape(len(images), 3, SIZE, SIZE)
        self.labels = torch.from_numpy(labels)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.images[index], self.labels[index]


class TileNet(nn.Module):
    def __init__(self, n_classes=6):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        )
        self.classifier = nn.Linear(16, n_classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def accuracy(model, loader):
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for x, y in loader:
            correct += (model(x).argmax(1) == y).sum().item()
            total += len(y)
    return correct / total


def main():
    torch.manual_seed(30)
    tiles, labels = paint_tiles(1500, 30)
    test_tiles, test_labels = paint_tiles(500, 31)
    mean, std = tiles.mean(axis=(0, 1, 2)), tiles.std(axis=(0, 1, 2))
    train_loader = DataLoader(TileDataset(tiles, labels, mean, std), batch_size=50, shuffle=True)
    test_loader = DataLoader(TileDataset(test_tiles, test_labels, mean, std), batch_size=250)
    model = TileNet()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    epochs = 8
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[5, 7], gamma=0.2)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        running = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            running += loss.item()
        scheduler.step()
        print(f"epoch {epoch}: loss {running / len(train_loader):.3f}, test acc {accuracy(model, test_loader):.3f}")
    print(f"tile accuracy: {accuracy(model, test_loader):.3f}")


if __name__ == "__main__":
    main()
