"""Sort photographs of glazed tiles (16x16, grey) into four kinds of surface."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def paint_tiles(n, seed):
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 4, n)
    yy, xx = np.mgrid[0:16, 0:16]
    imgs = np.empty((n, 1, 16, 16), dtype=np.float32)
    for i, k in enumerate(kind):
        img = rng.normal(0, 0.8, (16, 16))
        cx, cy = rng.uniform(4, 12, 2)
        if k == 1:      # crack
            ang = rng.uniform(0, np.pi)
            img -= 1.5 * (np.abs((xx - cx) * np.sin(ang) - (yy - cy) * np.cos(ang)) < 0.9)
        elif k == 2:    # blister
            img += 1.4 * np.exp(-((xx - cx) ** 2 + (yy - cy) ** 2) / 7)
        elif k == 3:    # ring
            r = np.sqrt((xx - cx) ** 2 + (yy - cy) ** 2)
            img += 1.3 * (np.abs(r - 4) < 0.9)
        imgs[i, 0] = img
    return torch.from_numpy(imgs), torch.from_numpy(kind)


def build():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 16, 64), nn.ReLU(), nn.Linear(64, 4),
    )


def accuracy(model, loader):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for x, y in loader:
            right += (model(x).argmax(1) == y).sum().item()
            total += len(y)
    return right / total


def main():
    torch.manual_seed(0)
    train = DataLoader(TensorDataset(*paint_tiles(4000, 10)), batch_size=64, shuffle=True)
    test = DataLoader(TensorDataset(*paint_tiles(1000, 20)), batch_size=250)
    model = build()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9, weight_decay=0.08)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(10):
        model.train()
        epoch_loss = 0.0
        for x, y in train:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            epoch_loss += loss.item()
        scheduler.step()
        print(f"epoch {epoch + 1}: loss={epoch_loss / len(train):.4f} test acc={accuracy(model, test):.4f}")


if __name__ == "__main__":
    main()
