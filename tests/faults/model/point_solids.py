"""PointNet in small: which solid was scanned? 48 points a scan, random rotation about the vertical axis."""
from dataclasses import dataclass, field
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Setup:
    solids: tuple = ("ball", "box", "cylinder", "cone", "torus")
    points: int = 48
    train: int = 2500
    test: int = 600
    batch: int = 50
    max_epochs: int = 3
    lr: float = 1e-3
    channels: list = field(default_factory=lambda: [32, 64, 128])


def scan(kind, n):
    u, v = torch.rand(n), torch.rand(n)
    a = 2 * math.pi * u
    if kind == 0:
        z = 2 * v - 1
        r = (1 - z ** 2).sqrt()
    elif kind == 1:
        side = torch.randint(3, (n,))
        p = 1.6 * torch.rand(n, 3) - 0.8
        p[torch.arange(n), side] = 0.8 * (torch.randint(2, (n,)) * 2.0 - 1)
        return p
    elif kind == 2:
        z, r = 2 * v - 1, torch.full((n,), 0.8)
    elif kind == 3:
        r = v.sqrt()
        z = 1 - 2 * r
    else:
        b = 2 * math.pi * v
        r, z = 0.75 + 0.3 * torch.cos(b), 0.3 * torch.sin(b)
    return torch.stack([r * torch.cos(a), r * torch.sin(a), z], 1)


def scans(cfg, n):
    kinds = torch.arange(n) % len(cfg.solids)
    clouds = torch.stack([scan(int(k), cfg.points) for k in kinds])
    stretch = 0.6 + 0.8 * torch.rand(n, 1, 3)
    turn = 2 * math.pi * torch.rand(n)
    rot = torch.stack([turn.cos(), -turn.sin(), turn.sin(), turn.cos()], 1).view(n, 2, 2)
    clouds = clouds * stretch
    clouds = torch.cat([clouds[..., :2] @ rot, clouds[..., 2:]], -1) + 0.08 * torch.randn(n, cfg.points, 3)
    return clouds / clouds.std(), kinds


class PointNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        sizes = [3] + cfg.channels
        self.shared = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
        self.fc = nn.Linear(sizes[-1], 64)
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(64, len(cfg.solids))

    def forward(self, cloud):
        for layer in self.shared:
            cloud = F.relu(layer(cloud))
        return self.out(self.drop(F.relu(self.fc(cloud.amax(1)))))


def fit(cfg):
    torch.manual_seed(40)
    x, y = scans(cfg, cfg.train)
    xt, yt = scans(cfg, cfg.test)
    net = PointNet(cfg)
    opt = torch.optim.Adam(net.parameters(), lr=cfg.lr)
    for epoch in range(1, cfg.max_epochs + 1):
        net.train()
        total = 0.0
        for rows in torch.randperm(len(x)).split(cfg.batch):
            loss = F.cross_entropy(net(x[rows]), y[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(rows)
        net.eval()
        with torch.no_grad():
            z = net(xt)
        acc = (z.argmax(1) == yt).float().mean().item()
        print(f"epoch {epoch} train {total / len(x):.4f} test {F.cross_entropy(z, yt).item():.4f} acc {acc:.4f}")
    return acc


if __name__ == "__main__":
    print(f"solids recognised: {fit(Setup()):.4f}")
