"""Classify small grey drawings; images are generated folder by folder, one folder per shape."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

FOLDERS = ["bar", "circle", "cross", "frame", "slash"]
SIZE = 12


def draw(shape, rng):
    img = np.zeros((SIZE, SIZE))
    cy, cx, r = rng.integers(4, 8), rng.integers(4, 8), rng.integers(2, 5)
    yy, xx = np.mgrid[:SIZE, :SIZE]
    dy, dx = yy - cy, xx - cx
    if shape == "bar":
        img[(np.abs(dy) <= 0) & (np.abs(dx) <= r)] = 1
    elif shape == "circle":
        img[np.abs(np.hypot(dy, dx) - r) < 0.6] = 1
    elif shape == "cross":
        img[((dy == 0) & (np.abs(dx) <= r)) | ((dx == 0) & (np.abs(dy) <= r))] = 1
    elif shape == "frame":
        img[(np.maximum(np.abs(dy), np.abs(dx)) == r)] = 1
    else:
        img[(dy == dx) & (np.abs(dx) <= r)] = 1
    return img + rng.normal(0, 0.25, img.shape)


class ShapeFolder(Dataset):
    def __init__(self, per_class, seed):
        rng = np.random.default_rng(seed)
        self.samples = [(draw(name, rng), k) for k, name in enumerate(FOLDERS) for _ in range(per_class)]

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, i):
        img, k = self.samples[i]
        return torch.tensor((img - 0.09) / 0.37, dtype=torch.float32).unsqueeze(0), k


class ShapeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3)
        self.conv2 = nn.Conv2d(12, 24, 3)
        self.head = nn.Linear(24 * 4, len(FOLDERS))

    def forward(self, x):
        x = F.leaky_relu(self.conv1(x))
        x = F.adaptive_max_pool2d(F.leaky_relu(self.conv2(x)), 2)
        return self.head(x.flatten(1))


if __name__ == "__main__":
    torch.manual_seed(6)
    train_loader = DataLoader(ShapeFolder(300, 1), batch_size=30)
    test_loader = DataLoader(ShapeFolder(80, 2), batch_size=100)
    net = ShapeNet()
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.8)
    for epoch in range(10):
        net.train()
        total = 0.0
        for images, targets in train_loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(net(images), targets)
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        net.eval()
        with torch.no_grad():
            correct = sum((net(x).argmax(1) == t).sum().item() for x, t in test_loader)
        print(f"epoch {epoch}: loss {total / len(train_loader):.4f}, test accuracy {correct / len(test_loader.dataset):.4f}")
