"""Which of eight seabirds is calling? Streams of call descriptors, one recording file per species,
read through an IterableDataset with a shuffle buffer as we do for the real archive."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, IterableDataset

SPECIES = ["herring gull", "black-backed gull", "kittiwake", "fulmar", "tern", "skua", "puffin", "guillemot"]
rng = np.random.default_rng(14)
torch.manual_seed(14)
pitch = rng.uniform(0.1, 0.9, (8, 3))
warble = rng.permutation(np.linspace(2, 9, 8))


def record(species, calls):
    """calls x 2 x 32: loudness and pitch contour of each call."""
    t = np.linspace(0, 1, 32)
    phase = rng.uniform(0, 2 * np.pi, (calls, 1))
    start, mid, end = (pitch[species, k] + 0.12 * rng.normal(size=(calls, 1)) for k in range(3))
    contour = start * (1 - t) ** 2 + 2 * mid * t * (1 - t) + end * t ** 2
    contour = contour + 0.12 * np.sin(2 * np.pi * warble[species] * t + phase) + 0.06 * rng.normal(size=(calls, 32))
    loud = np.exp(-((t - 0.5 + 0.1 * rng.normal(size=(calls, 1))) / 0.3) ** 2) + 0.1 * rng.normal(size=(calls, 32))
    return np.stack([2 * loud - 1, 4 * (contour - 0.5)], 1).astype(np.float32)


class Archive(IterableDataset):
    """Goes through the recordings; a call leaves the buffer at random as the next comes in."""

    def __init__(self, recordings, buffer, seed):
        self.recordings, self.buffer = recordings, buffer
        self.rng = np.random.default_rng(seed)

    def calls(self):
        for species, file in enumerate(self.recordings):
            for k in self.rng.permutation(len(file)):
                yield file[k], species

    def __iter__(self):
        held = []
        for item in self.calls():
            if len(held) < self.buffer:
                held.append(item)
                continue
            k = self.rng.integers(len(held))
            yield held[k]
            held[k] = item
        self.rng.shuffle(held)
        yield from held


class CallNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(2, 24, 7, stride=2, padding=3)
        self.conv = nn.Conv1d(24, 32, 5, stride=2, padding=2)
        self.proj = nn.Linear(64, 48)
        self.species = nn.Parameter(nn.functional.normalize(torch.randn(8, 48), dim=1))

    def forward(self, x):
        h = torch.relu(self.conv(torch.relu(self.first(x))))
        z = self.proj(torch.cat([h.mean(2), h.amax(2)], 1))
        return 12.0 * nn.functional.normalize(z, dim=1) @ nn.functional.normalize(self.species, dim=1).T


train_files = [record(s, 400) for s in range(8)]
val_x = torch.from_numpy(np.concatenate([record(s, 100) for s in range(8)]))
val_y = torch.arange(8).repeat_interleave(100)
archive = Archive(train_files, buffer=256, seed=0)
net = CallNet()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
fade = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 16, eta_min=5e-4)


def score():
    with torch.no_grad():
        return (net(val_x).argmax(1) == val_y).float().mean().item()


for night in range(16):
    total = count = 0
    for calls, species in DataLoader(archive, batch_size=64):
        loss = nn.functional.cross_entropy(net(calls), species)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total, count = total + loss.item(), count + 1
    fade.step()
    if night % 2:
        print("night %2d   loss %.3f   val accuracy %.3f" % (night + 1, total / count, score()))
with torch.no_grad():
    hits = (net(val_x).argmax(1) == val_y).view(8, 100).float().mean(1)
print(", ".join(f"{s} {h:.2f}" for s, h in zip(SPECIES, hits)))
print(f"accuracy over the colony: {score():.4f}")
