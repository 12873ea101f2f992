import math
import torch
import torch.nn as nn

torch.manual_seed(54)
device = torch.device("cpu")
latent_dim, batch_size, n_iter = 4, 128, 1500


def real_samples(n):
    ang = 2 * math.pi * torch.rand(n)
    return torch.stack([ang.cos(), ang.sin()], 1) * 1.4 + 0.1 * torch.randn(n, 2)


def mlp(n_in, n_out, act):
    return nn.Sequential(nn.Linear(n_in, 64), act, nn.Linear(64, 64), act, nn.Linear(64, n_out))


G = mlp(latent_dim, 2, nn.ReLU()).to(device)
D = mlp(2, 1, nn.LeakyReLU(0.2)).to(device)
opt_G = torch.optim.Adam(G.parameters(), lr=5e-4, betas=(0.5, 0.9))
opt_D = torch.optim.Adam(D.parameters(), lr=3e-3, betas=(0.5, 0.9))
bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(batch_size, 1), torch.zeros(batch_size, 1)


def coverage(n=1200):
    """Share of twelve sectors hit, and mean distance to the ring."""
    with torch.no_grad():
        s = G(torch.randn(n, latent_dim))
    sector = ((torch.atan2(s[:, 1], s[:, 0]) / (2 * math.pi) + 0.5) * 12).long().clamp(0, 11)
    dist = (s.norm(dim=1) - 1.4).abs()
    counts = torch.bincount(sector[dist < 0.4], minlength=12)
    return (counts > n * 0.015).float().mean().item(), dist.mean().item()


for it in range(1, n_iter + 1):
    x = real_samples(batch_size)
    z = torch.randn(batch_size, latent_dim)
    fake = G(z)
    x_noisy = x + 0.2 * torch.randn_like(x)
    f_noisy = fake.detach() + 0.2 * torch.randn_like(x)
    loss_D = bce(D(x_noisy), ones) + bce(D(f_noisy), zeros)
    opt_D.zero_grad()
    loss_D.backward()
    opt_D.step()

    loss_G = bce(D(fake + 0.2 * torch.randn_like(fake)), ones)
    opt_G.zero_grad()
    loss_G.backward()
    opt_G.step()
    if it % 150 == 0:
        cov, dist = coverage()
        print(f"[{it}/{n_iter}] D {loss_D.item():.3f} G {loss_G.item():.3f} sectors {cov:.2f} dist {dist:.3f}")
print(f"mean distance to the ring {dist:.4f}, sectors covered: {cov:.4f}")
