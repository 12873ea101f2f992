# A small GAN that learns a normal distribution
import torch
from torch import nn

torch.manual_seed(0)


def real_samples(n):
    return 0.5 * torch.randn(n, 1) + 1.5


G = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
D = nn.Sequential(nn.Linear(1, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
n = 128
ones, zeros = torch.ones(n, 1), torch.zeros(n, 1)

for it in range(1, 1001):
    fake = G(torch.randn(n, 4))
    d_loss = bce(D(real_samples(n)), ones) + bce(D(fake.detach()), zeros)
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()

    g_loss = bce(D(G(torch.randn(n, 4))), ones)
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    if it % 200 == 0:
        with torch.no_grad():
            s = G(torch.randn(2000, 4))
        gap = (s.mean() - 1.5).abs() + (s.std() - 0.5).abs()
        print(f"{it:5d} D {d_loss.item():.3f} G {g_loss.item():.3f} mean {s.mean():.3f} std {s.std():.3f} gap {gap:.3f}")
