"""Hedgerows in aerial photographs: small U-shaped segmenter, one tile at a time (tiles come in different sizes)."""
import random

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def tile(rng):
    h, w = 8 * rng.integers(5, 9), 8 * rng.integers(5, 9)
    yy, xx = np.mgrid[0:h, 0:w].astype(float)
    ground = 0.25 * np.sin(xx / rng.uniform(3, 8) + rng.uniform(0, 6)) * np.sin(yy / rng.uniform(3, 8))
    mask = np.zeros((h, w), bool)
    for _ in range(rng.integers(2, 4)):
        a, off = rng.uniform(0, np.pi), rng.uniform(-0.35, 0.35) * min(h, w)
        d = (xx - w / 2) * np.sin(a) - (yy - h / 2) * np.cos(a) - off + 1.5 * np.sin((xx + yy) / 9)
        mask |= np.abs(d) < rng.uniform(1.5, 3)
    green = ground + 0.9 * mask + rng.normal(0, 0.35, (h, w))
    red = ground - 0.5 * mask + rng.normal(0, 0.35, (h, w))
    track = np.abs((xx - rng.uniform(0, w)) * 0.8 - (yy - h / 2)) < 2          # tracks are bright in both bands
    green, red = green + 0.9 * track * ~mask, red + 0.9 * track * ~mask
    return torch.tensor(np.stack([green, red]), dtype=torch.float32)[None], torch.tensor(mask, dtype=torch.float32)[None, None]


def conv(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU())


class HedgeNet(nn.Module):
    def __init__(self, c=12):
        super().__init__()
        self.a, self.b, self.c = conv(2, c), conv(c, 2 * c), conv(2 * c, 2 * c)
        self.up = conv(3 * c, c)
        self.last = nn.Conv2d(c, 1, 1)

    def forward(self, x):
        a = self.a(x)
        low = self.c(self.b(F.max_pool2d(a, 2)))
        up = F.interpolate(low, scale_factor=2, mode="bilinear", align_corners=False)
        return self.last(self.up(torch.cat([a, up], 1)))


def iou(net, tiles):
    net.eval()
    inter = union = 0
    with torch.no_grad():
        for x, m in tiles:
            p = net(x) > 0
            inter += (p & (m > 0)).sum().item()
            union += (p | (m > 0)).sum().item()
    net.train()
    return inter / union


def main():
    rng = np.random.default_rng(61)
    random.seed(61)
    torch.manual_seed(61)
    train, val = [tile(rng) for _ in range(240)], [tile(rng) for _ in range(60)]
    net = HedgeNet()
    opt = torch.optim.AdamW(net.parameters(), lr=4e-3)
    passes = 4
    sched = torch.optim.lr_scheduler.LinearLR(opt, 1.0, 0.02, passes * len(train))
    shown = []
    for p in range(passes):
        random.shuffle(train)
        for i, (x, m) in enumerate(train, 1):
            logit = net(x)
            prob = logit.sigmoid()
            dice = 1 - 2 * (prob * m).sum() / (prob.sum() + m.sum() + 1)
            loss = F.binary_cross_entropy_with_logits(logit, m) + dice
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            shown.append(loss.item())
            if i % 80 == 0:
                print(f"pass {p + 1} tile {i:3d}: loss {np.mean(shown[-80:]):.4f}")
        print(f"pass {p + 1}: IoU of hedges on unseen tiles {iou(net, val):.4f}")
    print(f"final IoU {iou(net, val):.4f}")


main()
