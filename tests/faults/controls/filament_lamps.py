"""Recognise ageing lamps from current traces: a trunk learnt on bench traces, a head for the street."""
import math

import torch
from torch import nn

POINTS = 64


def traces(kind, generator, drift=0.0):
    n = len(kind)
    t = torch.linspace(0, 1, POINTS)
    start = 0.1 + 0.05 * torch.rand(n, 1, generator=generator)
    decay = torch.tensor([4.0, 7.0, 11.0, 5.0, 8.0, 14.0])[kind][:, None]
    hum = torch.tensor([0.1, 0.35, 0.1, 0.35, 0.1, 0.35])[kind][:, None]
    rush = (t > start).float() * torch.exp(-decay * (t - start).clamp(min=0))
    phase = 2 * math.pi * torch.rand(n, 1, generator=generator)
    signal = rush + hum * torch.sin(38 * t + phase) + drift * t
    return (signal + 0.05 * torch.randn(n, POINTS, generator=generator)).unsqueeze(1)


class Trunk(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(1, 16, 9, stride=2, padding=4), nn.BatchNorm1d(16), nn.ReLU(),
            nn.Conv1d(16, 32, 5, stride=2, padding=2), nn.BatchNorm1d(32), nn.ReLU(),
        )

    def forward(self, x):
        h = self.net(x)
        return torch.cat([h.mean(2), h.amax(2)], 1)


def accuracy(trunk, head, x, y):
    trunk.eval(), head.eval()
    with torch.no_grad():
        return (head(trunk(x)).argmax(1) == y).float().mean().item()


torch.manual_seed(14)
gen = torch.Generator().manual_seed(14)
bench_kind = torch.randint(0, 6, (1500,), generator=gen)
bench = traces(bench_kind, gen)
mean, std = bench.mean(), bench.std()
bench = (bench - mean) / std

trunk, bench_head = Trunk(), nn.Linear(64, 6)
opt = torch.optim.Adam([*trunk.parameters(), *bench_head.parameters()], lr=5e-3)
fade = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
print("bench traces")
for epoch in range(12):
    trunk.train()
    total = 0.0
    for rows in torch.randperm(1500, generator=gen).split(50):
        loss = nn.functional.cross_entropy(bench_head(trunk(bench[rows])), bench_kind[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(rows)
    fade.step()
    print(f"  epoch {epoch + 1} loss {total / 1500:.4f}")

# The street has few labels: the trunk stays as it is, statistics included, and only the head learns.
for p in trunk.parameters():
    p.requires_grad_(False)
trunk.eval()
street_kind = torch.randint(0, 6, (400 + 600,), generator=gen)
worn = torch.isin(street_kind, torch.tensor([2, 3, 5])).long()
street = (traces(street_kind, gen, drift=0.1) - mean) / std
with torch.no_grad():
    codes = trunk(street[:400])
head = nn.Sequential(nn.BatchNorm1d(64, affine=False), nn.Linear(64, 2))
nn.init.zeros_(head[1].weight)
nn.init.zeros_(head[1].bias)
opt = torch.optim.SGD(head.parameters(), lr=0.1, momentum=0.95, weight_decay=1e-3)
STEPS, WARM = 400, 40
ramp = torch.optim.lr_scheduler.LambdaLR(
    opt, lambda s: 1e-5 + s / WARM if s < WARM else 0.5 * (1 + math.cos(math.pi * (s - WARM) / (STEPS - WARM))))
print("street traces")
for step in range(STEPS):
    head.train()
    rows = torch.randperm(400, generator=gen)[:100]
    loss = nn.functional.cross_entropy(head(codes[rows]), worn[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()
    ramp.step()
    if (step + 1) % 50 == 0:
        print(f"  step {step + 1} loss {loss.item():.4f} test accuracy {accuracy(trunk, head, street[400:], worn[400:]):.4f}")
print(f"worn lamp accuracy: {accuracy(trunk, head, street[400:], worn[400:]):.4f}")
