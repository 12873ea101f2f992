"""Recover the strain trace at the foot of a sailing mast from three cheap accelerometers.

A strain gauge was glued on for a week only; afterwards riggers want the trace from the accelerometers
alone, sample for sample, to count load cycles.
"""
import math
from dataclasses import dataclass

import torch
from torch import nn, Tensor
from torch.utils.data import DataLoader, Dataset


@dataclass
class Settings:
    samples: int = 64
    clips: int = 1600
    held_out: int = 300
    batch: int = 32
    width: int = 16
    epochs: int = 10
    rate: float = 4e-3
    seed: int = 3


class MastClips(Dataset):
    """x: (3, samples) accelerations, y: (samples,) strain."""

    def __init__(self, count: int, samples: int, generator: torch.Generator):
        t = torch.arange(samples) / 20.0
        def rand(*shape):
            return torch.rand(*shape, generator=generator)
        swell = (0.5 + rand(count, 1)) * torch.sin(2 * math.pi * ((0.2 + 0.3 * rand(count, 1)) * t + rand(count, 1)))
        slam = torch.zeros(count, samples)
        for _ in range(3):
            at = rand(count, 1) * samples / 20.0
            ring = (t - at).clamp(min=0)
            slam += (0.4 + rand(count, 1)) * torch.exp(-2.5 * ring) * torch.sin(9 * ring)
        strain = swell + slam + 0.4 * swell * slam
        accel = torch.stack([
            swell + 0.5 * slam.roll(1, 1),
            slam - 0.3 * swell ** 2,
            torch.tanh(strain) - 0.5 * slam,
        ], 1)
        accel = accel + 0.1 * torch.randn(accel.shape, generator=generator)
        self.x, self.y = accel, strain

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class StrainNet(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        def layer(a, b, k):
            return nn.Sequential(nn.Conv1d(a, b, k, padding=k // 2), nn.BatchNorm1d(b), nn.GELU())
        self.body = nn.Sequential(layer(3, width, 7), layer(width, width, 5), layer(width, width, 5))
        self.tail = nn.Conv1d(width, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.tail(self.body(x))


def charbonnier(a: Tensor, b: Tensor, eps: float = 1e-2) -> Tensor:
    return torch.sqrt((a - b).pow(2) + eps ** 2).mean()


def score(net: nn.Module, data: MastClips) -> float:
    net.eval()
    with torch.inference_mode():
        guess = net(data.x).flatten()
    truth = data.y.flatten()
    net.train()
    return 1.0 - float((guess - truth).square().sum() / (truth - truth.mean()).square().sum())


def main(cfg: Settings) -> None:
    torch.manual_seed(cfg.seed)
    gen = torch.Generator().manual_seed(cfg.seed)
    train = MastClips(cfg.clips, cfg.samples, gen)
    held = MastClips(cfg.held_out, cfg.samples, gen)
    mu, sd = train.x.mean((0, 2), keepdim=True), train.x.std((0, 2), keepdim=True)
    ymu, ysd = train.y.mean(), train.y.std()
    for part in (train, held):
        part.x = (part.x - mu) / sd
        part.y = (part.y - ymu) / ysd

    net = StrainNet(cfg.width)
    optim = torch.optim.NAdam(net.parameters(), lr=cfg.rate)
    decay = torch.optim.lr_scheduler.ExponentialLR(optim, gamma=0.75)
    loader = DataLoader(train, batch_size=cfg.batch, shuffle=True, drop_last=True)
    for epoch in range(cfg.epochs):
        losses = []
        for accel, strain in loader:
            optim.zero_grad()
            trace = net(accel)
            loss = charbonnier(trace, strain)
            loss.backward()
            optim.step()
            losses.append(loss.detach())
        decay.step()
        print(f"{epoch:02d} | charbonnier {torch.stack(losses).mean():.4f} | held-out R2 {score(net, held):+.3f}")
    print(f"held-out R2 at the end: {score(net, held):.4f}")


if __name__ == "__main__":
    main(Settings())
