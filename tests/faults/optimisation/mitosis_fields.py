"""Cell nuclei under the microscope: outline them (segmentation) and count them per field, in one network.

The lab wants the mask for the report and the count for the growth curve.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(14)
SIZE = 24


def fields(n):
    yy, xx = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    image = torch.zeros(n, SIZE, SIZE)
    mask = torch.zeros(n, SIZE, SIZE)
    count = torch.randint(1, 9, (n,))
    for k in range(8):
        on = (k < count).float()[:, None, None]
        cy, cx = (torch.rand(2, n, 1, 1) * (SIZE - 4) + 2)
        ry, rx = (torch.rand(2, n, 1, 1) * 1.4 + 1.5)
        inside = (((yy - cy) / ry) ** 2 + ((xx - cx) / rx) ** 2 < 1).float() * on
        mask = torch.maximum(mask, inside)
        image += inside * (0.8 + 0.4 * torch.rand(n, 1, 1))
    shade = 0.6 * torch.sin(yy / 9 + 6 * torch.rand(n, 1, 1)) * torch.cos(xx / 8 + 6 * torch.rand(n, 1, 1))
    image = image + shade + 0.25 * torch.randn(n, SIZE, SIZE)
    return image[:, None], mask[:, None], count.float()


def conv(a, b, stride=1):
    return nn.Sequential(nn.Conv2d(a, b, 3, stride=stride, padding=1), nn.BatchNorm2d(b), nn.ReLU())


class TwoHeads(nn.Module):
    def __init__(self, w=7):
        super().__init__()
        self.shallow = nn.Sequential(conv(1, w), conv(w, w))
        self.deep = nn.Sequential(conv(w, 2 * w, stride=2), conv(2 * w, 2 * w))
        self.up = nn.ConvTranspose2d(2 * w, w, 2, stride=2)
        self.mask = nn.Sequential(conv(2 * w, w), nn.Conv2d(w, 1, 1))
        self.counter = nn.Sequential(conv(2 * w, w), nn.Conv2d(w, 1, 1))

    def forward(self, x):
        a = self.shallow(x)
        joint = torch.cat([a, self.up(self.deep(a))], 1)
        return self.mask(joint), self.counter(joint).mean((1, 2, 3)) * 10


def dice(logits, mask):
    p = (logits > 0).float()
    return (2 * (p * mask).sum() / (p.sum() + mask.sum()).clamp(min=1)).item()


image, mask, count = fields(1150)
scale = image.std()
image = (image - image.mean()) / scale
c_mean, c_std = count.mean(), count.std()
count = (count - c_mean) / c_std
held = slice(900, 1150)
model = TwoHeads()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
EPOCHS, BATCH = 7, 30
steps = EPOCHS * (900 // BATCH)


def validate():
    model.eval()
    with torch.no_grad():
        logits, c = model(image[held])
    model.train()
    r2 = 1 - (c - count[held]).pow(2).sum() / (count[held] - count[held].mean()).pow(2).sum()
    return dice(logits, mask[held]), r2.item()


step = 0
for epoch in range(EPOCHS):
    perm = torch.randperm(900)
    seg_sum = cnt_sum = 0.0
    for idx in perm.split(BATCH):
        for g in optimizer.param_groups:
            g["lr"] = 4e-3 * 0.5 * (1 + math.cos(math.pi * step / steps))
        optimizer.zero_grad()
        logits, c = model(image[idx])
        seg_loss = F.binary_cross_entropy_with_logits(logits, mask[idx])
        seg_loss.backward(retain_graph=True)
        grad_seg = model.up.weight.grad.norm().item()
        model.zero_grad()
        cnt_loss = F.mse_loss(c, count[idx])
        cnt_loss.backward()
        grad_all = model.up.weight.grad.norm().item()
        optimizer.step()
        seg_sum += seg_loss.item()
        cnt_sum += cnt_loss.item()
        step += 1
    d, r2 = validate()
    n = len(perm) // BATCH
    print(f"[{epoch + 1}/{EPOCHS}] seg {seg_sum / n:.4f} count {cnt_sum / n:.4f} |g| {grad_seg:.3f}/{grad_all:.3f}"
          f" -> dice {d:.3f}, count R2 {r2:.3f}")

d, r2 = validate()
print(f"final: mean of dice and count R2 = {(d + r2) / 2:.4f}")
