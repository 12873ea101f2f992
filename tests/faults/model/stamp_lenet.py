"""LeNet-style network on small synthetic postmarks (ring, cross, bars, box, disc)."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class Postmarks(Dataset):
    def __init__(self, n, seed, size=20):
        rng = np.random.default_rng(seed)
        yy, xx = np.mgrid[:size, :size]
        self.images = np.empty((n, 1, size, size), dtype=np.float32)
        self.labels = np.arange(n) % 5
        for i, k in enumerate(self.labels):
            cy, cx = rng.uniform(7, size - 7, 2)
            r = rng.uniform(4, 6)
            d = np.hypot(yy - cy, xx - cx)
            box = np.maximum(abs(yy - cy), abs(xx - cx))
            mark = [abs(d - r) < 1, (np.minimum(abs(yy - cy), abs(xx - cx)) < 1) & (box < r),
                    (box < r) & ((yy // 2) % 2 == 0), abs(box - r) < 1, d < r][k]
            self.images[i, 0] = mark * rng.uniform(0.8, 1.2) + rng.normal(0, 0.2, (size, size))
        self.images = (self.images - 0.22) / 0.45

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return torch.from_numpy(self.images[i]), int(self.labels[i])


class LeNet(nn.Module):
    def __init__(self, classes=5, activation=nn.Sigmoid):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 3, padding=1), activation(), nn.AvgPool2d(2),
            nn.Conv2d(6, 12, 3, padding=1), activation(), nn.AvgPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(12 * 25, 60), activation(), nn.Linear(60, 40), activation(), nn.Linear(40, classes),
        )

    def forward(self, x):
        return self.classifier(self.features(x))


def accuracy(model, loader):
    model.eval()
    with torch.no_grad():
        hits = [(model(x).argmax(1) == y).float().mean().item() for x, y in loader]
    return sum(hits) / len(hits)


def fit(model, train_loader, test_loader, epochs, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        for step, (x, y) in enumerate(train_loader):
            loss = loss_fn(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()
        print(f"epoch {epoch}: loss {loss.item():.4f}, test accuracy {accuracy(model, test_loader):.4f}")


if __name__ == "__main__":
    torch.manual_seed(9)
    train_loader = DataLoader(Postmarks(2000, 0), batch_size=50, shuffle=True)
    test_loader = DataLoader(Postmarks(500, 1), batch_size=100)
    model = LeNet()
    fit(model, train_loader, test_loader, epochs=12, lr=0.02)
    print(f"postmark accuracy: {accuracy(model, test_loader):.4f}")
