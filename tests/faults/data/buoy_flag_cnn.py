"""Recognise signal flags (12x12 RGB) flown from buoys. Images are generated flag by flag, as the photo folders are."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

RNG = np.random.default_rng(31)
torch.manual_seed(31)
CLASSES = ["alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"]
PATTERNS = RNG.normal(size=(len(CLASSES), 3, 4, 4))


def photograph(cls, count):
    base = np.kron(PATTERNS[cls], np.ones((1, 3, 3)))
    shots = np.empty((count, 3, 12, 12), dtype=np.float32)
    for k in range(count):
        shots[k] = np.roll(base, RNG.integers(-2, 3, size=2), axis=(1, 2)) * RNG.uniform(0.5, 1.2)
    return shots + RNG.normal(0, 0.9, size=shots.shape).astype(np.float32)


class FlagPhotos(Dataset):
    def __init__(self, per_class):
        self.images, self.labels = [], []
        for cls in range(len(CLASSES)):
            for shot in photograph(cls, per_class):
                self.images.append(torch.from_numpy(shot))
                self.labels.append(cls)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.images[i], self.labels[i]


class FlagNet(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(32 * 9, n_classes))

    def forward(self, x):
        return self.classifier(self.features(x))


def accuracy(model, loader):
    model.eval()
    right = 0
    with torch.no_grad():
        for images, labels in loader:
            right += (model(images).argmax(dim=1) == labels).sum().item()
    return right / len(loader.dataset)


def main(epochs=12):
    train_loader = DataLoader(FlagPhotos(200), batch_size=32)
    test_loader = DataLoader(FlagPhotos(60), batch_size=120)
    model = FlagNet(len(CLASSES))
    opt = torch.optim.SGD(model.parameters(), lr=0.008, momentum=0.9, weight_decay=5e-4)
    ce = nn.CrossEntropyLoss()
    for epoch in range(1, epochs + 1):
        model.train()
        seen, total = 0, 0.0
        for images, labels in train_loader:
            opt.zero_grad()
            loss = ce(model(images), labels)
            loss.backward()
            opt.step()
            seen += len(labels)
            total += loss.item() * len(labels)
        print(f"epoch {epoch}: train loss {total / seen:.4f}, test accuracy {accuracy(model, test_loader):.4f}")
    print(f"Accuracy on the test photos: {accuracy(model, test_loader):.4f}")


if __name__ == "__main__":
    main()
