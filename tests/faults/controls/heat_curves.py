"""Denoising diffusion over daily heat-demand curves (12 two-hour readings) for stress-testing a district
heating network.  Noise prediction, cosine schedule, warm-up and an averaged copy of the weights."""
import copy
import math

import torch
from torch import nn

READINGS, T = 12, 50


class Curves:
    """Draws fresh standardised demand curves: offices, homes, or mixed streets, with weather noise."""

    def __init__(self, seed):
        self.g = torch.Generator().manual_seed(seed)
        self.h = torch.linspace(0, 2 * math.pi, READINGS)

    def draw(self, n):
        kind = torch.randint(3, (n, 1), generator=self.g)
        shift = 0.3 * torch.randn(n, 1, generator=self.g)
        office = 1.4 * torch.cos(self.h - math.pi + shift)
        home = 1.2 * torch.cos(2 * self.h - 1.0 + shift)
        mixed = 0.6 * (office + home) + 0.8
        base = torch.where(kind == 0, office, torch.where(kind == 1, home, mixed))
        return base + 0.15 * torch.randn(n, READINGS, generator=self.g)


class NoiseNet(nn.Module):
    def __init__(self, h=128):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(16, h), nn.SiLU())
        self.inp, self.mid, self.out = nn.Linear(READINGS, h), nn.Linear(h, h), nn.Linear(h, READINGS)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.register_buffer("freq", torch.arange(1, 9) * math.pi / 2)

    def forward(self, x, t):
        ang = (t.float() / T).unsqueeze(1) * self.freq
        e = self.time(torch.cat([ang.sin(), ang.cos()], 1))
        h = nn.functional.silu(self.inp(x) + e)
        h = h + nn.functional.silu(self.mid(h) + e)
        return self.out(h)


ts = torch.arange(T + 1) / T
alpha_bar = (torch.cos((ts + 0.01) / 1.01 * math.pi / 2) ** 2)[1:].clamp(1e-3, 0.999)


def add_noise(x, t, eps):
    a = alpha_bar[t].unsqueeze(1)
    return a.sqrt() * x + (1 - a).sqrt() * eps


@torch.no_grad()
def check(net, x, t, eps):
    return (net(add_noise(x, t, eps), t) - eps).square().mean().item()


@torch.no_grad()
def sample(net, n):
    x = torch.randn(n, READINGS)
    for k in reversed(range(T)):          # deterministic sampler
        a = alpha_bar[k]
        prev = alpha_bar[k - 1] if k > 0 else torch.tensor(1.0)
        eps = net(x, torch.full((n,), k))
        clean = (x - (1 - a).sqrt() * eps) / a.sqrt()
        x = prev.sqrt() * clean.clamp(-4, 4) + (1 - prev).sqrt() * eps
    return x


def main(steps=1600, batch=200, peak=3e-3, warm=100, keep=0.99):
    torch.manual_seed(9)
    street, audit = Curves(1), Curves(2)
    x_val, t_val = audit.draw(4000), torch.randint(T, (4000,))
    eps_val = torch.randn(4000, READINGS)
    net = NoiseNet()
    averaged = copy.deepcopy(net).requires_grad_(False)
    opt = torch.optim.AdamW(net.parameters(), lr=peak, weight_decay=1e-4)
    shape = torch.optim.lr_scheduler.LambdaLR(
        opt, lambda s: min(1, (s + 1) / warm) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * s / steps))))
    smooth = None
    for s in range(steps):
        x, t = street.draw(batch), torch.randint(T, (batch,))
        eps = torch.randn_like(x)
        loss = (net(add_noise(x, t, eps), t) - eps).square().mean()
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        shape.step()
        with torch.no_grad():
            for a, p in zip(averaged.parameters(), net.parameters()):
                a.lerp_(p, 1 - keep)
        smooth = loss.item() if smooth is None else 0.98 * smooth + 0.02 * loss.item()
        if s % 160 == 159:
            print(f"{s + 1}\t{smooth:.4f}\t{check(averaged, x_val, t_val, eps_val):.4f}")
    made = sample(averaged, 2000)
    print(f"hourly std: made {made.std(0).mean():.3f}, real {x_val.std(0).mean():.3f}")
    print(f"audit noise error: {check(averaged, x_val, t_val, eps_val):.4f}")


if __name__ == "__main__":
    main()
