import argparse
import math

import torch
from torch import nn

ap = argparse.ArgumentParser()
ap.add_argument("--steps", type=int, default=1500)
ap.add_argument("--batch", type=int, default=128)
ap.add_argument("--z-dim", type=int, default=4)
ap.add_argument("--seed", type=int, default=1)
opt = ap.parse_args()
torch.manual_seed(opt.seed)


def real_batch(n):
    angle = torch.rand(n) * 2 * math.pi
    radius = 1.4 + 0.08 * torch.randn(n)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)


def mlp(*sizes, slope):
    layers = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(a, b), nn.LeakyReLU(slope)]
    return nn.Sequential(*layers[:-1])


G = mlp(opt.z_dim, 48, 48, 2, slope=0.1)
D = mlp(2, 64, 64, 1, slope=0.2)
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.99))
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.99))
bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(opt.batch, 1), torch.zeros(opt.batch, 1)


@torch.no_grad()
def quality(n=2000):
    fake = G(torch.randn(n, opt.z_dim))
    on_ring = (fake.norm(dim=1) - 1.4).abs() < 0.25
    sector = ((torch.atan2(fake[:, 1], fake[:, 0]) + math.pi) / (2 * math.pi) * 12).long().clamp(max=11)
    covered = len(sector[on_ring].unique())
    return on_ring.float().mean().item(), covered


for step in range(1, opt.steps + 1):
    # discriminator
    fake = G(torch.randn(opt.batch, opt.z_dim)).detach()
    loss_d = bce(D(real_batch(opt.batch)), 0.9 * ones) + bce(D(fake), zeros)
    opt_d.zero_grad()
    loss_d.backward()
    opt_d.step()
    # generator
    loss_g = bce(D(G(torch.randn(opt.batch, opt.z_dim))), ones)
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    if step % 150 == 0:
        share, covered = quality()
        print(f"step {step:5d}  D {loss_d.item():.3f}  G {loss_g.item():.3f}  on ring {share:.3f}  sectors {covered}/12")
print(f"share on ring: {quality(5000)[0]:.4f}")
