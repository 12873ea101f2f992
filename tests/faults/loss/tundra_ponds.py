# Melt ponds on tundra tiles: find the water pixels.
# Tiles are 24x24, two channels (near infrared, red), ponds are dark in the first.
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(5)
rng = np.random.default_rng(5)


def make_tiles(n, size=24):
    yy, xx = np.mgrid[:size, :size]
    tiles = np.zeros((n, 2, size, size), dtype=np.float32)
    masks = np.zeros((n, 1, size, size), dtype=np.float32)
    for i in range(n):
        water = np.zeros((size, size), dtype=bool)
        for _ in range(rng.integers(1, 4)):
            cy, cx = rng.uniform(3, size - 3, 2)
            a, b = rng.uniform(2.5, 6.0, 2)
            t = rng.uniform(0, np.pi)
            u = (xx - cx) * np.cos(t) + (yy - cy) * np.sin(t)
            v = -(xx - cx) * np.sin(t) + (yy - cy) * np.cos(t)
            water |= (u / a) ** 2 + (v / b) ** 2 < 1
        light = rng.normal(0, 0.3)
        tiles[i, 0] = 0.6 - 1.3 * water + light + rng.normal(0, 0.6, water.shape)
        tiles[i, 1] = 0.2 - 0.5 * water + light + rng.normal(0, 0.6, water.shape)
        masks[i, 0] = water
    return torch.from_numpy(tiles), torch.from_numpy(masks)


class SmallUNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(2, c, 3, padding=1), nn.BatchNorm2d(c), nn.ReLU())
        self.mid = nn.Sequential(nn.Conv2d(c, 2 * c, 3, padding=1), nn.BatchNorm2d(2 * c), nn.ReLU())
        self.up = nn.ConvTranspose2d(2 * c, c, 2, stride=2)
        self.dec = nn.Sequential(nn.Conv2d(2 * c, c, 3, padding=1), nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, 1, 1))

    def forward(self, x):
        e = self.enc(x)
        m = self.mid(F.max_pool2d(e, 2))
        return self.dec(torch.cat([e, self.up(m)], dim=1))


def dice_loss(logits, mask, eps=1.0):
    p = torch.sigmoid(logits).flatten(1)
    m = mask.flatten(1)
    overlap = 2 * (p * m).sum(1) + eps
    score = overlap / (p.sum(1) + m.sum(1) + eps)
    return score.mean()


def iou(net, x, m):
    net.eval()
    with torch.no_grad():
        pred = net(x) > 0
    m = m > 0.5
    return ((pred & m).sum() / (pred | m).sum().clamp(min=1)).item()


x_train, m_train = make_tiles(360)
x_val, m_val = make_tiles(120)
mu = x_train.mean((0, 2, 3), keepdim=True)
sd = x_train.std((0, 2, 3), keepdim=True)
x_train, x_val = (x_train - mu) / sd, (x_val - mu) / sd

net = SmallUNet()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
for epoch in range(12):
    net.train()
    order = torch.randperm(len(x_train))
    running = 0.0
    for idx in order.split(24):
        loss = dice_loss(net(x_train[idx]), m_train[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        running += loss.item() * len(idx)
    sched.step()
    print(f"epoch {epoch + 1:2d} loss {running / len(x_train):.4f} val IoU {iou(net, x_val, m_val):.4f}")
print(f"val IoU at the end: {iou(net, x_val, m_val):.4f}")
