# Denoising diffusion model of two moons; the noise-prediction loss has a floor well above zero.
import copy
import math

import torch
from sklearn.datasets import make_moons
from torch import nn

STEPS = 40
betas = torch.linspace(1e-3, 0.18, STEPS)
alphas = 1 - betas
alpha_bar = torch.cumprod(alphas, 0)


class NoisePredictor(nn.Module):
    def __init__(self, width=64, bands=6):
        super().__init__()
        self.register_buffer("freq", 2.0 ** torch.arange(bands) * math.pi / 2)
        self.time = nn.Linear(2 * bands, width)
        self.inp = nn.Linear(2, width)
        self.mid = nn.ModuleList([nn.Linear(width, width) for _ in range(2)])
        self.out = nn.Linear(width, 2)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x, t):
        angles = (t.float() / STEPS)[:, None] * self.freq
        emb = self.time(torch.cat([angles.sin(), angles.cos()], 1))
        h = torch.nn.functional.silu(self.inp(x) + emb)
        for layer in self.mid:
            h = h + torch.nn.functional.silu(layer(h) + emb)
        return self.out(h)


def noising_loss(model, x):
    t = torch.randint(0, STEPS, (len(x),))
    eps = torch.randn_like(x)
    a = alpha_bar[t][:, None]
    return ((model(a.sqrt() * x + (1 - a).sqrt() * eps, t) - eps) ** 2).mean()


@torch.no_grad()
def sample(model, n):
    x = torch.randn(n, 2)
    for t in reversed(range(STEPS)):
        eps = model(x, torch.full((n,), t))
        x = (x - betas[t] / (1 - alpha_bar[t]).sqrt() * eps) / alphas[t].sqrt()
        if t > 0:
            x = x + betas[t].sqrt() * torch.randn_like(x)
    return x


def energy_distance(a, b):
    return (2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean()).item()


def moons(n, seed):
    pts, _ = make_moons(n, noise=0.06, random_state=seed)
    return ((torch.tensor(pts, dtype=torch.float32) - torch.tensor([0.5, 0.25])) / torch.tensor([0.87, 0.5]))


if __name__ == "__main__":
    torch.manual_seed(10)
    data, held_out = moons(4000, 0), moons(1500, 1)
    model = NoisePredictor()
    average = copy.deepcopy(model).requires_grad_(False)
    opt = torch.optim.Adam(model.parameters(), lr=2e-3)
    running = 0.0
    for step in range(1, 3001):
        loss = noising_loss(model, data[torch.randint(0, len(data), (128,))])
        opt.zero_grad()
        loss.backward()
        opt.step()
        for p, q in zip(average.parameters(), model.parameters()):
            p.lerp_(q.detach(), 0.01)
        running += loss.item() / 300
        if step % 300 == 0:
            with torch.no_grad():
                held = sum(noising_loss(average, held_out).item() for _ in range(10)) / 10
            print(f"step {step} loss {running:.4f} held-out loss {held:.4f}")
            running = 0.0
    print(f"energy distance of samples: {energy_distance(sample(average, 1500), held_out):.4f}")
