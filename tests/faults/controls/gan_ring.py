import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(44)


def real(n):
    a = 2 * torch.pi * torch.rand(n)
    r = 1.4 + 0.1 * torch.randn(n)
    return torch.stack([r * a.cos(), r * a.sin()], 1)


def mlp(i, o, act):
    return nn.Sequential(nn.Linear(i, 64), act(), nn.Linear(64, 64), act(), nn.Linear(64, o))


G, D = mlp(4, 2, nn.ReLU), mlp(2, 1, lambda: nn.LeakyReLU(0.2))
opt_g = torch.optim.Adam(G.parameters(), lr=5e-4, betas=(0.0, 0.99))
opt_d = torch.optim.Adam(D.parameters(), lr=1.5e-3, betas=(0.0, 0.99))

for it in range(1, 2001):
    x = real(128).requires_grad_()
    fake = G(torch.randn(128, 4))
    real_score = D(x)
    slope, = torch.autograd.grad(real_score.sum(), x, create_graph=True)
    d_loss = F.softplus(-real_score).mean() + F.softplus(D(fake.detach())).mean() + 0.1 * slope.pow(2).sum(1).mean()
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()

    g_loss = F.softplus(-D(G(torch.randn(128, 4)))).mean()
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()

    if it % 200 == 0:
        with torch.no_grad():
            s = G(torch.randn(1000, 4))
            radius = s.norm(dim=1)
            quarters = torch.stack([(s[:, 0] > 0), (s[:, 1] > 0)], 1).float().mean(0)
        print(f"{it} D {d_loss.item():.3f} G {g_loss.item():.3f} mean radius {radius.mean():.3f} "
              f"halves {quarters.tolist()} radius error {(radius - 1.4).abs().mean():.4f}")
