"""Outline flooded fields in small radar patches (24x24)."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)


def patches(n, seed):
    rng = np.random.default_rng(seed)
    yy, xx = np.mgrid[0:24, 0:24]
    images, masks = [], []
    for _ in range(n):
        mask = np.zeros((24, 24), dtype=bool)
        for _ in range(rng.integers(1, 4)):
            cy, cx = rng.uniform(3, 21, 2)
            ry, rx = rng.uniform(2, 6, 2)
            mask |= ((yy - cy) / ry) ** 2 + ((xx - cx) / rx) ** 2 < 1
        img = rng.gamma(4.0, 0.25, (24, 24)) * np.where(mask, 0.55, 1.0)
        images.append(np.log(img + 0.05))
        masks.append(mask)
    images = torch.tensor(np.stack(images), dtype=torch.float32)[:, None]
    return TensorDataset(images, torch.tensor(np.stack(masks), dtype=torch.float32)[:, None])


class SmallUNet(nn.Module):
    def __init__(self, c=12):
        super().__init__()
        self.down1 = nn.Sequential(nn.Conv2d(1, c, 3, padding=1), nn.BatchNorm2d(c), nn.ReLU())
        self.down2 = nn.Sequential(nn.Conv2d(c, 2 * c, 3, padding=1), nn.BatchNorm2d(2 * c), nn.ReLU())
        self.up = nn.Sequential(nn.Conv2d(3 * c, c, 3, padding=1), nn.ReLU())
        self.out = nn.Conv2d(c, 1, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        b = F.interpolate(b, scale_factor=2, mode="nearest")
        return self.out(self.up(torch.cat([a, b], 1)))


def overlap(logits, mask):
    p = torch.sigmoid(logits)
    inter = (p * mask).sum((1, 2, 3))
    total = p.sum((1, 2, 3)) + mask.sum((1, 2, 3))
    return ((2 * inter + 1) / (total + 1)).mean()


def seg_loss(logits, mask):
    return F.binary_cross_entropy_with_logits(logits, mask) + 0.35 * overlap(logits, mask)


def iou(model, loader):
    model.eval()
    inter = union = 0.0
    with torch.no_grad():
        for x, m in loader:
            pred = (model(x) > 0).float()
            inter += (pred * m).sum().item()
            union += ((pred + m) > 0).sum().item()
    return inter / union


def main():
    torch.manual_seed(5)
    train = DataLoader(patches(960, 1), batch_size=32, shuffle=True)
    val = DataLoader(patches(200, 2), batch_size=100)
    model = SmallUNet()
    opt = torch.optim.Adam(model.parameters(), lr=4e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 8)
    for epoch in range(8):
        model.train()
        losses = []
        for x, m in train:
            loss = seg_loss(model(x), m)
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        sched.step()
        print(f"epoch {epoch}: loss {np.mean(losses):.4f}, val IoU {iou(model, val):.4f}")


main()
