import numpy as np
import torch
import torch.nn as nn
from torch.nn.utils import spectral_norm

torch.manual_seed(14)
rng = np.random.default_rng(14)


def drifters(n):
    """Positions along a meandering brook."""
    t = rng.uniform(-1, 1, n)
    p = np.stack([1.6 * t, np.sin(3 * t)], axis=1) + 0.1 * rng.normal(size=(n, 2))
    return torch.tensor(p, dtype=torch.float32)


def sliced_distance(a, b, n_dirs=64):
    g = torch.Generator().manual_seed(0)
    d = torch.randn(2, n_dirs, generator=g)
    d = d / d.norm(dim=0)
    return ((a @ d).sort(0).values - (b @ d).sort(0).values).abs().mean().item()


G = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
D = nn.Sequential(spectral_norm(nn.Linear(2, 64)), nn.LeakyReLU(0.2),
                  spectral_norm(nn.Linear(64, 64)), nn.LeakyReLU(0.2), spectral_norm(nn.Linear(64, 1)))
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.0, 0.9))
opt_d = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.0, 0.9))
G_avg = torch.optim.swa_utils.AveragedModel(G, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99))
data = drifters(4000)
held_out = drifters(2000)

for step in range(1, 901):
    for _ in range(2):
        real = data[torch.randint(0, len(data), (128,))]
        fake = G(torch.randn(128, 4)).detach()
        loss_d = torch.relu(1 - D(real)).mean() + torch.relu(1 + D(fake)).mean()
        opt_d.zero_grad()
        loss_d.backward()
        opt_d.step()
    loss_g = -D(G(torch.randn(128, 4))).mean()
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    G_avg.update_parameters(G)
    if step % 100 == 0:
        with torch.no_grad():
            dist = sliced_distance(G_avg(torch.randn(2000, 4)), held_out)
        print(f"step {step:4d}  D {loss_d.item():.3f}  G {loss_g.item():+.3f}  distance {dist:.4f}")

with torch.no_grad():
    dist = sliced_distance(G_avg(torch.randn(2000, 4)), held_out)
print(f"sliced distance to held-out positions: {dist:.4f}")
