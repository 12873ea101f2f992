"""Bearing of a meteor trail on a 20 x 20 all-sky crop (a line has no direction, so angles double)."""
import math
from dataclasses import dataclass

import torch
from torch import nn, Tensor
from torch.utils.data import DataLoader, TensorDataset


@dataclass(frozen=True)
class Settings:
    size: int = 20
    train: int = 2000
    test: int = 500
    epochs: int = 9
    batch: int = 50
    rate: float = 3e-3
    betas: tuple = (0.999, 0.9)
    seed: int = 12


def sky(count: int, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    angle = math.pi * torch.rand(count, 1, 1, generator=generator)
    offset = 2.5 * torch.randn(count, 1, 1, generator=generator)
    width = 0.7 + 0.6 * torch.rand(count, 1, 1, generator=generator)
    bright = 0.8 + 0.7 * torch.rand(count, 1, 1, generator=generator)
    line = torch.arange(size).float() - (size - 1) / 2
    y, x = torch.meshgrid(line, line, indexing="ij")
    distance = x * torch.sin(angle) - y * torch.cos(angle) - offset
    along = x * torch.cos(angle) + y * torch.sin(angle)
    trail = bright * torch.exp(-0.5 * (distance / width) ** 2) * torch.sigmoid(6 - along.abs())
    stars = (torch.rand(count, size, size, generator=generator) < 0.03).float()
    picture = trail + stars + 0.25 * torch.randn(count, size, size, generator=generator)
    doubled = torch.cat([torch.sin(2 * angle), torch.cos(2 * angle)], 1).squeeze(2)
    return picture.unsqueeze(1), doubled


class TrailNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.look = nn.Sequential(
            nn.Conv2d(1, 8, 5, padding=2), nn.ELU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ELU(), nn.MaxPool2d(2),
        )
        self.point = nn.Sequential(nn.Flatten(), nn.Linear(16 * 25, 48), nn.ELU(), nn.Linear(48, 2))

    def forward(self, picture: Tensor) -> Tensor:
        return self.point(self.look(picture))


def degrees_off(guess: Tensor, truth: Tensor) -> float:
    a, b = torch.atan2(guess[:, 0], guess[:, 1]), torch.atan2(truth[:, 0], truth[:, 1])
    gap = torch.remainder(a - b + math.pi, 2 * math.pi) - math.pi
    return math.degrees(gap.abs().mean().item() / 2)


def main(s: Settings) -> None:
    torch.manual_seed(s.seed)
    generator = torch.Generator().manual_seed(s.seed)
    pictures, bearings = sky(s.train, s.size, generator)
    test_pictures, test_bearings = sky(s.test, s.size, generator)
    mean, std = pictures.mean(), pictures.std()
    pictures, test_pictures = (pictures - mean) / std, (test_pictures - mean) / std
    loader = DataLoader(TensorDataset(pictures, bearings), s.batch, shuffle=True)

    net = TrailNet()
    optimizer = torch.optim.Adam(net.parameters(), lr=s.rate, betas=s.betas)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, s.epochs * len(loader))
    huber = nn.HuberLoss()
    for epoch in range(s.epochs):
        net.train()
        running = 0.0
        for picture, bearing in loader:
            optimizer.zero_grad()
            loss = huber(net(picture), bearing)
            loss.backward()
            optimizer.step()
            schedule.step()
            running += loss.item()
        net.eval()
        with torch.no_grad():
            guess = net(test_pictures)
        print(f"epoch {epoch + 1:2d}  train {running / len(loader):.4f}  "
              f"test {huber(guess, test_bearings).item():.4f}  off by {degrees_off(guess, test_bearings):.2f} deg")
    print(f"mean bearing error: {degrees_off(guess, test_bearings):.3f}")


main(Settings())
