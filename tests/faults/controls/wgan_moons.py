import torch
import torch.nn as nn
from sklearn.datasets import make_moons


def mlp(*dims):
    layers = []
    for a, b in zip(dims[:-1], dims[1:]):
        layers += [nn.Linear(a, b), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


def gradient_penalty(critic, real, fake):
    eps = torch.rand(len(real), 1)
    mix = (eps * real + (1 - eps) * fake).requires_grad_(True)
    grad, = torch.autograd.grad(critic(mix).sum(), mix, create_graph=True)
    return ((grad.norm(2, dim=1) - 1) ** 2).mean()


def sliced_distance(a, b, n_proj=64):
    g = torch.Generator().manual_seed(0)
    d = nn.functional.normalize(torch.randn(2, n_proj, generator=g), dim=0)
    return ((a @ d).sort(0).values - (b @ d).sort(0).values).abs().mean().item()


torch.manual_seed(44)
data, _ = make_moons(4000, noise=0.06, random_state=1)
data = torch.tensor(data, dtype=torch.float32)
data = (data - data.mean(0)) / data.std(0)
train, held_out = data[:3000], data[3000:]

G, D = mlp(4, 64, 64, 2), mlp(2, 64, 64, 1)
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.0, 0.9))
opt_d = torch.optim.Adam(D.parameters(), lr=4e-3, betas=(0.0, 0.9))
scheds = [torch.optim.lr_scheduler.LambdaLR(o, lambda i: 1 - i / 640) for o in (opt_g, opt_d)]
N_CRITIC, BATCH = 3, 128

for it in range(1, 601):
    for _ in range(N_CRITIC):
        real = train[torch.randint(0, len(train), (BATCH,))]
        with torch.no_grad():
            fake = G(torch.randn(BATCH, 4))
        gap = D(real).mean() - D(fake).mean()
        d_loss = -gap + 0.5 * gradient_penalty(D, real, fake)
        opt_d.zero_grad()
        d_loss.backward()
        opt_d.step()
    g_loss = -D(G(torch.randn(BATCH, 4))).mean()
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    for s in scheds:
        s.step()
    if it % 100 == 0:
        with torch.no_grad():
            sw = sliced_distance(G(torch.randn(1000, 4)), held_out)
        print(f"iter {it:5d}  critic gap {gap.item():.4f}  g {g_loss.item():+.4f}  sliced distance {sw:.4f}")
