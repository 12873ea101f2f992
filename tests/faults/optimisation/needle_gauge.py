"""Reads the needle of an old pressure gauge from a 20 x 20 camera picture.

The boiler room has no digital sensor; the camera looks at the dial once a minute.  The network gives
(cos, sin) of the needle's angle, the error is quoted in degrees.
"""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def dial(angle, rng):
    yy, xx = np.mgrid[-1:1:20j, -1:1:20j]
    cy, cx = rng.uniform(-0.12, 0.12, 2)
    dy, dx = np.sin(angle), np.cos(angle)
    along = (yy - cy) * dy + (xx - cx) * dx
    across = (yy - cy) * dx - (xx - cx) * dy
    needle = np.exp(-(across / 0.09) ** 2) * (along > -0.1) * (along < 0.75)
    radius = np.hypot(yy - cy, xx - cx)
    rim = np.exp(-((radius - 0.9) / 0.07) ** 2)
    light = rng.uniform(0.6, 1.3)
    glare = 0.5 * np.exp(-((yy - rng.uniform(-1, 1)) ** 2 + (xx - rng.uniform(-1, 1)) ** 2) / 0.08)
    return light * (needle + 0.6 * rim) + glare + 0.12 * rng.normal(size=(20, 20))


class Pictures(torch.utils.data.Dataset):
    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        angles = rng.uniform(-np.pi, np.pi, n)
        stack = np.stack([dial(a, rng) for a in angles])
        self.pictures = torch.tensor((stack - 0.22) / 0.36, dtype=torch.float32).unsqueeze(1)
        self.targets = torch.tensor(np.stack([np.cos(angles), np.sin(angles)], 1), dtype=torch.float32)

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, k):
        return self.pictures[k], self.targets[k]


class GaugeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 10, 5, stride=2, padding=2)
        self.c2 = nn.Conv2d(10, 20, 3, stride=2, padding=1)
        self.f1 = nn.Linear(20 * 25, 64)
        self.f2 = nn.Linear(64, 2)

    def forward(self, p):
        p = F.leaky_relu(self.c1(p), 0.05)
        p = F.leaky_relu(self.c2(p), 0.05)
        p = F.leaky_relu(self.f1(p.flatten(1)), 0.05)
        return self.f2(p)


def r2(net, data):
    with torch.no_grad():
        out = net(data.pictures)
    away = torch.atan2(out[:, 1], out[:, 0]) - torch.atan2(data.targets[:, 1], data.targets[:, 0])
    degrees = torch.rad2deg(torch.remainder(away + np.pi, 2 * np.pi) - np.pi).abs().median().item()
    return 1 - F.mse_loss(out, data.targets).item() / data.targets.var(0).mean().item(), degrees


torch.manual_seed(6)
train, check = Pictures(3000, seed=60), Pictures(500, seed=61)
loader = torch.utils.data.DataLoader(train, batch_size=40, shuffle=True)
net = GaugeNet()
sgd = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.998, nesterov=True)
EPOCHS = 10
half = torch.optim.lr_scheduler.StepLR(sgd, step_size=4, gamma=0.5)
for epoch in range(EPOCHS):
    mse = 0.0
    for pictures, targets in loader:
        sgd.zero_grad()
        loss = F.mse_loss(net(pictures), targets)
        loss.backward()
        sgd.step()
        mse += loss.item() / len(loader)
    half.step()
    score, degrees = r2(net, check)
    print(f"epoch {epoch:>2} | mse {mse:.5f} | check R2 {score:.4f} | median error {degrees:.1f} deg")
print(f"gauge reading: R2 {score:.4f}, median error {degrees:.2f} deg")
