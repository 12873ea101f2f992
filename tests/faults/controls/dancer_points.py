"""Generate stage positions of a dance company (2-D) with a small denoising diffusion model.

Judged by the energy distance between generated and held-out positions (0 = the same distribution).
"""
import copy
import math

import torch
from torch import nn

T = 40
torch.manual_seed(29)
beta = torch.linspace(1e-3, 0.2, T)
alpha_bar = torch.cumprod(1 - beta, 0)


def positions(n, g):
    k = torch.randint(3, (n,), generator=g)
    a = math.pi * torch.rand(n, generator=g)
    arc = torch.stack([1.6 * torch.cos(a), 1.6 * torch.sin(a) - 0.8], 1)
    row = torch.stack([torch.rand(n, generator=g) * 2.4 - 1.2, torch.full((n,), -0.9)], 1)
    trio = torch.stack([(torch.randint(3, (n,), generator=g) - 1) * 0.6, torch.full((n,), 0.1)], 1)
    p = torch.where((k == 0)[:, None], arc, torch.where((k == 1)[:, None], row, trio))
    return p + 0.06 * torch.randn(n, 2, generator=g)


class NoiseNet(nn.Module):
    def __init__(self, width=96):
        super().__init__()
        self.time = nn.Embedding(T, width)
        self.inp, self.mid, self.mid2, self.out = (nn.Linear(2, width), nn.Linear(width, width),
                                                   nn.Linear(width, width), nn.Linear(width, 2))

    def forward(self, x, t):
        h = torch.nn.functional.silu(self.inp(x) + self.time(t))
        h = h + torch.nn.functional.silu(self.mid(h))
        h = h + torch.nn.functional.silu(self.mid2(h))
        return self.out(h)


@torch.no_grad()
def sample(net, n):
    x = torch.randn(n, 2)
    for t in reversed(range(T)):
        eps = net(x, torch.full((n,), t))
        x = (x - beta[t] / (1 - alpha_bar[t]).sqrt() * eps) / (1 - beta[t]).sqrt()
        if t:
            x = x + beta[t].sqrt() * torch.randn(n, 2)
    return x


def energy_distance(a, b):
    return (2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean()).item()


g = torch.Generator().manual_seed(2)
data, fresh = positions(20000, g), positions(1200, g)
net = NoiseNet()
smooth = copy.deepcopy(net).requires_grad_(False)
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
STEPS = 1800
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, STEPS)
mean_loss = 0.0
for step in range(1, STEPS + 1):
    x0 = data[torch.randint(len(data), (256,))]
    t = torch.randint(T, (256,))
    eps = torch.randn_like(x0)
    ab = alpha_bar[t][:, None]
    loss = (net(ab.sqrt() * x0 + (1 - ab).sqrt() * eps, t) - eps).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    with torch.no_grad():
        for s, p in zip(smooth.parameters(), net.parameters()):
            s.lerp_(p, 0.01)
    mean_loss += loss.item() / 300
    if step % 300 == 0:
        print(f"[{step}] noise mse {mean_loss:.4f} energy distance {energy_distance(sample(smooth, 1200), fresh):.4f}")
        mean_loss = 0.0
print(f"two halves of the data: {energy_distance(data[:1200], fresh):.4f}")
print(f"final energy distance {energy_distance(sample(smooth, 1200), fresh):.4f}")
