# Outline flowering patches on small drone pictures of a meadow (3 x 20 x 20), per-pixel.
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Meadow(Dataset):
    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        yy, xx = np.mgrid[0:20, 0:20]
        self.images = np.zeros((n, 3, 20, 20), dtype=np.float32)
        self.masks = np.zeros((n, 20, 20), dtype=np.float32)
        for i in range(n):
            mask = np.zeros((20, 20), dtype=bool)
            for _ in range(rng.integers(2, 5)):
                cy, cx = rng.uniform(2, 18, 2)
                ry, rx = rng.uniform(2, 5, 2)
                mask |= ((yy - cy) / ry) ** 2 + ((xx - cx) / rx) ** 2 < 1
            green = rng.normal(0, 0.4, 3)[:, None, None]
            bloom = np.array([1.1, -0.3, 0.7])[:, None, None] * rng.uniform(0.7, 1.3)
            picture = green + mask * bloom + rng.normal(0, 0.6, (3, 20, 20))
            self.images[i] = (picture - 0.15) / 0.9
            self.masks[i] = mask

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return torch.from_numpy(self.images[i]), torch.from_numpy(self.masks[i])


def block(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.ReLU())


class PatchNet(nn.Module):
    def __init__(self, c=10):
        super().__init__()
        self.enc1, self.enc2 = block(3, c), block(c, 2 * c)
        self.mid = block(2 * c, 2 * c)
        self.dec = block(3 * c, c)
        self.out = nn.Conv2d(c, 1, 1)
        self.pool, self.up = nn.MaxPool2d(2), nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, x):
        a = self.enc1(x)
        b = self.mid(self.enc2(self.pool(a)))
        return self.out(self.dec(torch.cat([self.up(b), a], 1))).squeeze(1)


def iou(net, loader):
    net.eval()
    inter = union = 0.0
    with torch.no_grad():
        for x, m in loader:
            p = (net(x) > 0).float()
            inter += (p * m).sum().item()
            union += ((p + m) > 0).float().sum().item()
    return inter / max(union, 1.0)


if __name__ == "__main__":
    torch.manual_seed(13)
    train = DataLoader(Meadow(420, 1), batch_size=16, shuffle=True)
    test = DataLoader(Meadow(120, 2), batch_size=60)
    net = PatchNet()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.99)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.2)
    bce = nn.BCEWithLogitsLoss()
    for epoch in range(11):
        net.train()
        losses = []
        for x, m in train:
            loss = bce(net(x), m)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        print(f"epoch {epoch + 1:2d}: bce {np.mean(losses):.4f}, test IoU {iou(net, test):.4f}")
    print(f"final IoU: {iou(net, test):.4f}")
