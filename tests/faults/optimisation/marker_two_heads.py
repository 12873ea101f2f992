import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

SIZE, KINDS = 16, ("disc", "ring", "plus", "cross")


class MarkerImages(Dataset):
    """Drone photographs of ground markers: which kind, and where."""

    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        rows, cols = np.mgrid[0:SIZE, 0:SIZE]
        self.images = np.zeros((n, 1, SIZE, SIZE), dtype=np.float32)
        self.kinds = rng.integers(0, 4, n)
        self.centres = rng.uniform(4, 11, (n, 2)).astype(np.float32)
        for k in range(n):
            dr, dc = rows - self.centres[k, 0], cols - self.centres[k, 1]
            radius = np.hypot(dr, dc)
            if self.kinds[k] == 0:
                mark = radius < 3.2
            elif self.kinds[k] == 1:
                mark = np.abs(radius - 3.2) < 0.9
            elif self.kinds[k] == 2:
                mark = (np.minimum(np.abs(dr), np.abs(dc)) < 0.8) & (radius < 4)
            else:
                mark = (np.abs(np.abs(dr) - np.abs(dc)) < 1.0) & (radius < 4.2)
            self.images[k, 0] = mark + rng.normal(0, 0.3, (SIZE, SIZE))
        self.images = (self.images - 0.1) / 0.45
        self.centres = (self.centres - 7.5) / 2.0

    def __len__(self):
        return len(self.kinds)

    def __getitem__(self, i):
        return self.images[i], self.kinds[i], self.centres[i]


class MarkerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        )
        self.kind = nn.Sequential(nn.Linear(24 * 16, 32), nn.ReLU(), nn.Linear(32, 4))
        self.place = nn.Sequential(nn.Linear(24 * 16, 32), nn.ReLU(), nn.Linear(32, 2))

    def forward(self, x):
        h = self.trunk(x)
        return self.kind(h), self.place(h)


def main():
    torch.manual_seed(13)
    train_loader = DataLoader(MarkerImages(2000, 1), batch_size=32, shuffle=True)
    test_loader = DataLoader(MarkerImages(500, 2), batch_size=100)
    model = MarkerNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=2.5e-3)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [6, 8], gamma=0.3)
    ce, mse = nn.CrossEntropyLoss(), nn.MSELoss()
    for epoch in range(10):
        model.train()
        sums = np.zeros(2)
        for images, kinds, centres in train_loader:
            kind_logits, place = model(images)
            kind_loss = ce(kind_logits, kinds)
            place_loss = mse(place, centres)
            kind_loss.backward(retain_graph=True)
            optimizer.zero_grad()
            place_loss.backward()
            optimizer.step()
            sums += [kind_loss.item(), place_loss.item()]
        scheduler.step()
        model.eval()
        hits, error, ce_sum = 0, 0.0, 0.0
        with torch.no_grad():
            for images, kinds, centres in test_loader:
                kind_logits, place = model(images)
                hits += (kind_logits.argmax(1) == kinds).sum().item()
                ce_sum += ce(kind_logits, kinds).item() * len(kinds)
                error += (place - centres).pow(2).mean().item() * len(kinds)
        tr = sums / len(train_loader)
        print(f"epoch {epoch + 1}  train kind {tr[0]:.3f} place {tr[1]:.3f} | test kind {ce_sum / 500:.3f} acc {hits / 500:.3f} place {error / 500:.4f}")
    print(f"marker kind accuracy: {hits / 500:.4f}")


if __name__ == "__main__":
    main()
