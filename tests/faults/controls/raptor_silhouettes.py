"""Pretrain on many common birds, then a new head for four raptors with the body frozen."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def flights(prototypes, n, rng):
    """Outline of the bird as 40 radii; wing beat and distance vary."""
    y = rng.integers(0, len(prototypes), n)
    beat = rng.normal(0, 1, (n, 1)) * np.sin(np.linspace(0, 4 * np.pi, 40))
    x = prototypes[y] * rng.lognormal(0, 0.2, (n, 1)) + 0.4 * beat + rng.normal(0, 1.0, (n, 40))
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


class SilhouetteNet(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(40, 64), nn.BatchNorm1d(64), nn.ReLU(),
            nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(),
        )
        self.head = nn.Linear(64, classes)

    def forward(self, x):
        return self.head(self.body(x))


def accuracy(net, x, y):
    net.eval()
    with torch.no_grad():
        return (net(x).argmax(1) == y).float().mean().item()


def fit(net, params, x, y, x_val, y_val, epochs, lr, tag, frozen=False):
    opt = torch.optim.Adam(params, lr=lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for epoch in range(epochs):
        net.train()
        if frozen:
            net.body.eval()
        total = 0.0
        for idx in torch.randperm(len(x)).split(32):
            loss = F.cross_entropy(net(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(idx)
        sched.step()
        print(f"{tag} epoch {epoch + 1:2d} loss {total / len(x):.4f} validation {accuracy(net, x_val, y_val):.4f}")


rng = np.random.default_rng(40)
torch.manual_seed(40)
shapes = rng.normal(0, 1, (16, 6)) @ rng.normal(0, 1, (6, 40)) / np.sqrt(6)
common, raptors = shapes[:12], shapes[12:]

x_common, y_common = flights(common, 2000, rng)
x_cv, y_cv = flights(common, 500, rng)
net = SilhouetteNet(len(common))
fit(net, net.parameters(), x_common, y_common, x_cv, y_cv, epochs=8, lr=2e-3, tag="common")

x_few, y_few = flights(raptors, 400, rng)
x_rv, y_rv = flights(raptors, 500, rng)
for p in net.body.parameters():
    p.requires_grad_(False)
net.head = nn.Linear(64, len(raptors))
fit(net, net.head.parameters(), x_few, y_few, x_rv, y_rv, epochs=20, lr=5e-3, tag="raptor", frozen=True)
print(f"raptor accuracy: {accuracy(net, x_rv, y_rv):.4f}")
