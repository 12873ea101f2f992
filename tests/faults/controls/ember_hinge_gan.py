import math

import torch
import torch.nn as nn
from torch.nn.utils.parametrizations import spectral_norm

torch.manual_seed(71)
NOISE, BATCH, STEPS = 4, 128, 1600


def embers(n):
    """Landing spots: three uneven clumps along an arc."""
    k = torch.multinomial(torch.tensor([0.5, 0.3, 0.2]), n, replacement=True)
    angle = torch.tensor([0.3, 1.5, 2.6])[k] + 0.15 * torch.randn(n)
    r = 1.2 + 0.12 * torch.randn(n)
    return torch.stack([r * angle.cos(), r * angle.sin() - 0.5], 1)


class Generator(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(NOISE, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
                                 nn.Linear(width, 2))

    def forward(self, z):
        return self.net(z)


class Critic(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.net = nn.Sequential(spectral_norm(nn.Linear(2, width)), nn.LeakyReLU(0.1),
                                 spectral_norm(nn.Linear(width, width)), nn.LeakyReLU(0.1),
                                 spectral_norm(nn.Linear(width, 1)))

    def forward(self, x):
        return self.net(3 * x)


@torch.no_grad()
def energy_distance(a, b):
    return (2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean()).item()


gen, critic = Generator(), Critic()
averaged = torch.optim.swa_utils.AveragedModel(gen, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99))
opt_g = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.0, 0.9))
opt_c = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.0, 0.9))
held_out = embers(1000)
z_eval = torch.randn(1000, NOISE)

for step in range(1, STEPS + 1):
    real = embers(BATCH)
    fake = gen(torch.randn(BATCH, NOISE)).detach()
    loss_c = torch.relu(1 - critic(real)).mean() + torch.relu(1 + critic(fake)).mean()
    opt_c.zero_grad()
    loss_c.backward()
    opt_c.step()

    loss_g = -critic(gen(torch.randn(BATCH, NOISE))).mean()
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    averaged.update_parameters(gen)
    if step % 200 == 0:
        with torch.no_grad():
            d = energy_distance(averaged(z_eval), held_out)
        print(f"step {step:5d}  critic {loss_c.item():.3f}  generator {loss_g.item():+.3f}  energy distance {d:.4f}")
print(f"energy distance to held-out: {math.sqrt(max(d, 0)):.4f}")
