"""Key points for a hand-exercise game: find knuckle, wrist and fingertip on 20x20 depth crops.

The network paints one heat map per joint; the joint sits at the soft-argmax of its map.
"""
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import Dataset, DataLoader

S = 20


@dataclass
class Setup:
    width: int = 16
    keep: float = 0.95
    lr: float = 6e-3
    epochs: int = 7
    batch: int = 50
    seed: int = 13


class Hands(Dataset):
    """wrist -> knuckle -> fingertip chain, drawn as soft blobs and bones plus clutter"""

    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        wrist = torch.rand(n, 2, generator=g) * 8 + 6
        a1 = 6.28 * torch.rand(n, generator=g)
        a2 = a1 + (torch.rand(n, generator=g) - 0.5) * 2.0
        knuckle = wrist + 5.0 * torch.stack([a1.cos(), a1.sin()], 1)
        tip = knuckle + 4.0 * torch.stack([a2.cos(), a2.sin()], 1)
        self.joints = torch.stack([wrist, knuckle, tip], 1).clamp(1, S - 2)
        ax = torch.arange(S).float()
        yy, xx = torch.meshgrid(ax, ax, indexing="ij")
        img = torch.zeros(n, S, S)
        for p, q, thick in ((0, 1, 1.5), (1, 2, 0.9)):
            for f in torch.linspace(0, 1, 6):
                c = self.joints[:, p] * (1 - f) + self.joints[:, q] * f
                d2 = (xx - c[:, 0, None, None]) ** 2 + (yy - c[:, 1, None, None]) ** 2
                img = torch.maximum(img, torch.exp(-d2 / (2 * thick ** 2)))
        img = img * (0.8 + 0.4 * torch.rand(n, 1, 1, generator=g))
        img = img + 0.12 * torch.randn(n, S, S, generator=g)
        self.img = ((img - 0.15) / 0.3).unsqueeze(1)

    def __len__(self):
        return len(self.img)

    def __getitem__(self, i):
        return self.img[i], self.joints[i]


class HeatNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        w = cfg.width
        self.down1 = nn.Conv2d(1, w, 3, padding=1, stride=2)
        self.down2 = nn.Conv2d(w, 2 * w, 3, padding=1)
        self.mid = nn.Conv2d(2 * w, 2 * w, 5, padding=2)
        self.drop = nn.Dropout(cfg.keep)
        self.wide = nn.Conv2d(2 * w, 2 * w, 3, padding=2, dilation=2)
        self.maps = nn.Conv2d(2 * w, 3, 1)
        ax = torch.arange(S // 2).float() * 2 + 0.5
        self.register_buffer("grid", torch.stack(torch.meshgrid(ax, ax, indexing="xy"), -1).view(-1, 2))

    def forward(self, x):
        h = F.relu(self.down1(x))
        h = F.relu(self.down2(h))
        h = self.drop(F.relu(self.mid(h)))
        h = F.relu(self.wide(h))
        heat = self.maps(h).flatten(2).softmax(-1)
        return heat @ self.grid, heat


def pixel_error(net, data):
    net.eval()
    with torch.no_grad():
        xy, _ = net(data.img)
    gap = (xy - data.joints).norm(dim=-1)
    net.train()
    return gap.mean().item(), (gap < 1.5).float().mean().item()


cfg = Setup()
torch.manual_seed(cfg.seed)
train, test = Hands(2000, 1), Hands(400, 2)
loader = DataLoader(train, cfg.batch, shuffle=True)
net = HeatNet(cfg)
opt = torch.optim.Adam(net.parameters(), lr=cfg.lr)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, cfg.lr, epochs=cfg.epochs, steps_per_epoch=len(loader))
print("train/test", len(train), len(test))
for epoch in range(cfg.epochs):
    tot = 0
    for img, joints in loader:
        xy, heat = net(img)
        loss = F.smooth_l1_loss(xy, joints)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        tot += loss.item()
    px, pck = pixel_error(net, test)
    print(f"{epoch:3d} | loss {tot / len(loader):7.4f} | test error {px:6.3f} px | PCK@1.5 {pck:.3f}")
px, pck = pixel_error(net, test)
print(f"test error {px:.3f} px, PCK {pck:.4f}")
