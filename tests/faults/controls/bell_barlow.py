"""Barlow Twins on recordings of church bells, judged by a linear probe."""
import math

import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

torch.manual_seed(40)
N_BELLS, LENGTH = 6, 64
t = torch.arange(LENGTH).float()
partials = torch.rand(N_BELLS, 3) * 1.2 + 0.15


def strike(bell):
    phase = 2 * math.pi * torch.rand(len(bell), 3, 1)
    tone = torch.sin(partials[bell].unsqueeze(-1) * t + phase).sum(1)
    return tone * torch.exp(-t / 60) / 1.1


def augment(x):
    gain = 0.7 + 0.6 * torch.rand(len(x), 1)
    shift = int(torch.randint(0, 12, (1,)))
    return gain * torch.roll(x, shift, dims=1) + 0.3 * torch.randn_like(x)


class BarlowTwins(nn.Module):
    def __init__(self, dim=24, lambd=0.01):
        super().__init__()
        self.lambd = lambd
        self.backbone = nn.Sequential(
            nn.Conv1d(1, 16, 9, stride=2, padding=4), nn.BatchNorm1d(16), nn.ReLU(),
            nn.Conv1d(16, 24, 5, stride=2, padding=2), nn.BatchNorm1d(24), nn.ReLU(),
            nn.AdaptiveAvgPool1d(1), nn.Flatten(),
        )
        self.projector = nn.Sequential(nn.Linear(24, 48, bias=False), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, dim, bias=False))
        self.bn = nn.BatchNorm1d(dim, affine=False)

    def forward(self, a, b):
        za = self.bn(self.projector(self.backbone(a.unsqueeze(1))))
        zb = self.bn(self.projector(self.backbone(b.unsqueeze(1))))
        c = za.T @ zb / len(a)
        on_diag = (torch.diagonal(c) - 1).pow(2).sum()
        off_diag = c.pow(2).sum() - torch.diagonal(c).pow(2).sum()
        return on_diag + self.lambd * off_diag


labels = torch.randint(0, N_BELLS, (2000,))
data = strike(labels)
model = BarlowTwins()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-4)
for epoch in range(20):
    model.train()
    total = 0.0
    for idx in torch.randperm(len(data)).split(200):
        x = data[idx]
        loss = model(augment(x), augment(x))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch:2d} barlow loss {total / 10:.3f}")

model.eval()
with torch.no_grad():
    features = model.backbone(augment(data).unsqueeze(1)).numpy()
probe = LogisticRegression(max_iter=500).fit(features[:1400], labels[:1400].numpy())
print(f"linear probe accuracy {probe.score(features[1400:], labels[1400:].numpy()):.4f}")
