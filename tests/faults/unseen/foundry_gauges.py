"""Read a round gauge from a small picture: the angle of its needle (not of the short drag hand) as (sin, cos)."""
import argparse
import math

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--batch-size", type=int, default=100)
parser.add_argument("--lr", type=float, default=1e-3)
parser.add_argument("--images", type=int, default=3000)
args = parser.parse_args([])

torch.manual_seed(10)
torch.set_num_threads(1)


def hand(angle, size, length, thickness):
    axis = torch.linspace(-1, 1, size)
    yy, xx = torch.meshgrid(axis, axis, indexing="ij")
    dx, dy = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    along = xx * dx + yy * dy
    across = (xx * dy - yy * dx).abs()
    return torch.exp(-(across / thickness) ** 2) * (along > 0) * (along < length)


def gauges(n, size=14):
    angle = 2 * math.pi * torch.rand(n)
    maximum = 2 * math.pi * torch.rand(n)
    image = 2.5 * hand(angle, size, 0.9, 0.13) + 2.0 * hand(maximum, size, 0.5, 0.2)
    image = image + 0.4 * torch.randn(n, size, size)
    return image.unsqueeze(1), torch.stack([torch.sin(angle), torch.cos(angle)], dim=1)


class GaugeReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.SiLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.SiLU(),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(16 * 49, 32), nn.SiLU(), nn.Linear(32, 2))

    def forward(self, image):
        return self.head(self.conv(image))


def degrees_off(out, target):
    cosine = nn.functional.cosine_similarity(out, target).clamp(-1, 1)
    return torch.rad2deg(torch.acos(cosine)).mean().item()


images, needles = gauges(args.images)
test_images, test_needles = gauges(400)
loader = DataLoader(TensorDataset(images, needles), batch_size=args.batch_size, shuffle=True)
reader = GaugeReader()
optimizer = torch.optim.Adam(reader.parameters(), lr=args.lr)

for epoch in range(args.epochs):
    reader.train()
    for i, (image, needle) in enumerate(loader):
        loss = nn.functional.mse_loss(reader(image), needle)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if i == 0:
            print(f"epoch {epoch} batch {i:2d} loss {loss.item():.4f}")

reader.eval()
with torch.no_grad():
    out = reader(test_images)
    print(f"test loss {nn.functional.mse_loss(out, test_needles).item():.4f}")
    print(f"needle off by {degrees_off(out, test_needles):.2f} degrees")
