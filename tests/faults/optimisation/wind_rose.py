"""WGAN-GP for paired wind components at an airfield (u, v): synthetic wind for a training simulator.
Quality is the sliced Wasserstein distance between generated and unseen winds (smaller is better)."""
import math

import torch
import torch.nn as nn


def winds(n, gen):
    """Six prevailing directions, uneven shares, gusty radially."""
    share = torch.tensor([0.25, 0.15, 0.2, 0.1, 0.2, 0.1])
    k = torch.multinomial(share, n, replacement=True, generator=gen)
    ang = 2 * math.pi * k / 6 + 0.12 * torch.randn(n, generator=gen)
    rad = 1.5 + 0.15 * torch.randn(n, generator=gen)
    return torch.stack([rad * ang.cos(), rad * ang.sin()], 1)


class Critic(nn.Module):
    def __init__(self, h=96):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, h), nn.SiLU(), nn.Linear(h, h), nn.SiLU())
        self.head = nn.Linear(h, 1)

    def forward(self, x):
        return self.head(self.body(x)).squeeze(1)


class Weather(nn.Module):
    def __init__(self, z=4, h=96):
        super().__init__()
        self.z = z
        self.net = nn.Sequential(nn.Linear(z, h), nn.SiLU(), nn.Linear(h, h), nn.SiLU(), nn.Linear(h, 2))

    def forward(self, n):
        return self.net(torch.randn(n, self.z))


def switch(module, on):
    for p in module.parameters():
        p.requires_grad_(on)


def penalty(critic, real, fake):
    t = torch.rand(len(real), 1)
    mid = (t * real + (1 - t) * fake).requires_grad_()
    slope, = torch.autograd.grad(critic(mid).sum(), mid, create_graph=True)
    return ((slope.norm(dim=1) - 1) ** 2).mean()


@torch.no_grad()
def sliced_w(a, b, directions=64):
    th = torch.linspace(0, math.pi, directions)
    d = torch.stack([th.cos(), th.sin()])
    return ((a @ d).sort(0).values - (b @ d).sort(0).values).abs().mean().item()


torch.manual_seed(40)
gen = torch.Generator().manual_seed(40)
observed, unseen = winds(20000, gen), winds(4000, gen)
weather, critic = Weather(), Critic()
opt_w = torch.optim.Adam(weather.parameters(), lr=1e-3, betas=(0.5, 0.9))
opt_c = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.9))
ROUNDS, N = 560, 128
decay = [torch.optim.lr_scheduler.LinearLR(o, 1.0, 0.05, ROUNDS) for o in (opt_w, opt_c)]

for rnd in range(ROUNDS):
    switch(critic.head, True)
    for _ in range(3):
        real = observed[torch.randint(len(observed), (N,))]
        fake = weather(N).detach()
        gap = critic(real).mean() - critic(fake).mean()
        c_loss = -gap + 2.0 * penalty(critic, real, fake)
        opt_c.zero_grad()
        c_loss.backward()
        opt_c.step()
    switch(critic, False)          # saves the critic's gradients in the generator step
    g_loss = -critic(weather(N)).mean()
    opt_w.zero_grad()
    g_loss.backward()
    opt_w.step()
    for s in decay:
        s.step()
    if rnd % 80 == 79:
        with torch.no_grad():
            dist = sliced_w(weather(4000), unseen)
        print(f"<{rnd + 1:4d}> critic gap {gap.item():.3f}  generator {g_loss.item():+.3f}  sliced W {dist:.4f}")

with torch.no_grad():
    print(f"sliced Wasserstein to unseen winds = {sliced_w(weather(4000), unseen):.4f}")
