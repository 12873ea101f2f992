import torch
from sklearn.datasets import make_moons
from torch import nn

torch.manual_seed(0)
data = torch.tensor(make_moons(2000, noise=0.08, random_state=0)[0]).float()
data = (data - data.mean(0)) / data.std(0)
energy = nn.Sequential(nn.Linear(2, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(energy.parameters(), lr=1e-3)
buffer = torch.randn(1000, 2)


def langevin(x, steps=15, size=0.05):
    x = x.clone().requires_grad_(True)
    for _ in range(steps):
        e = energy(x).sum()
        (g,) = torch.autograd.grad(e, x)
        x = (x - size * g + (2 * size) ** 0.5 * 0.3 * torch.randn_like(x)).detach().requires_grad_(True)
    return x.detach()


for step in range(500):
    real = data[torch.randint(0, len(data), (128,))]
    idx = torch.randint(0, len(buffer), (128,))
    start = buffer[idx]
    fresh = torch.rand(128) < 0.05
    start[fresh] = torch.randn(int(fresh.sum()), 2)
    fake = langevin(start)
    buffer[idx] = fake
    ep, en = energy(real), energy(fake)
    loss = (ep - en).mean() + 0.1 * (ep**2 + en**2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 99:
        print(f"step {step + 1} loss {loss.item():.4f} E(real) {ep.mean().item():.3f} E(fake) {en.mean().item():.3f}")
