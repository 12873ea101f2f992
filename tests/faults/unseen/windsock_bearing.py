"""Direction of the wind (unit vector) from 20 pressure ports around a mast."""
import math
import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(90)
torch.set_num_threads(1)

PORTS = 20


def readings(n):
    bearing = 2 * math.pi * torch.rand(n)
    speed = 0.6 + torch.rand(n)
    around = torch.arange(PORTS) * 2 * math.pi / PORTS
    delta = bearing[:, None] - around
    p = speed[:, None] * (torch.cos(delta).clamp(min=-0.3) + 0.4 * torch.cos(2 * delta))
    p = p * (1 + 0.3 * torch.sin(3 * around)) + 0.25 * torch.randn(n, PORTS)
    return p, torch.stack([bearing.cos(), bearing.sin()], 1)


class BearingNet(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(PORTS, width), nn.LayerNorm(width), nn.GELU(),
            nn.Linear(width, width), nn.LayerNorm(width), nn.GELU(),
            nn.Linear(width, 2),
        )

    def forward(self, p):
        return F.normalize(self.net(p), dim=1)


def angle_error(pred, target):
    cos = (pred * target).sum(1).clamp(-1, 1)
    return torch.rad2deg(torch.acos(cos)).mean().item()


p, d = readings(3200)
train = DataLoader(TensorDataset(p[:2600], d[:2600]), batch_size=64, shuffle=True, drop_last=True)
model = BearingNet()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-3)

for epoch in range(15):
    model.train()
    total = 0.0
    for port, direction in train:
        opt.zero_grad()
        loss = F.cosine_similarity(model(port), direction, dim=1).mean()
        loss.backward()
        opt.step()
        total += loss.item()
    model.eval()
    with torch.no_grad():
        err = angle_error(model(p[2600:]), d[2600:])
    print(f"epoch {epoch + 1:2d}  loss {total / len(train):+.4f}  mean angle error {err:.2f} deg")
