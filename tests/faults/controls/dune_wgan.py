"""Wasserstein GAN (weight clipping) that imitates the skewed distribution of dune slopes."""
import torch
import torch.nn as nn
from scipy.stats import wasserstein_distance

torch.manual_seed(52)
CLIP, N_CRITIC, NOISE = 0.1, 5, 4


def slopes(n):
    windward = 0.35 * torch.randn(n) - 0.8
    slip_face = 0.15 * torch.randn(n) + 1.2
    return torch.where(torch.rand(n) < 0.65, windward, slip_face).unsqueeze(1)


generator = nn.Sequential(nn.Linear(NOISE, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
critic = nn.Sequential(nn.Linear(1, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
opt_g = torch.optim.RMSprop(generator.parameters(), lr=1e-3)
opt_c = torch.optim.RMSprop(critic.parameters(), lr=1e-3)


def train_critic(batch):
    fake = generator(torch.randn(batch, NOISE)).detach()
    loss = critic(fake).mean() - critic(slopes(batch)).mean()
    opt_c.zero_grad()
    loss.backward()
    opt_c.step()
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(-CLIP, CLIP)
    return loss.item()


def train_generator(batch):
    loss = -critic(generator(torch.randn(batch, NOISE))).mean()
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


for iteration in range(1, 801):
    for _ in range(N_CRITIC):
        c_loss = train_critic(128)
    g_loss = train_generator(128)
    if iteration % 100 == 0:
        with torch.no_grad():
            d = wasserstein_distance(generator(torch.randn(4000, NOISE)).squeeze(1).numpy(), slopes(4000).squeeze(1).numpy())
        print(f"{iteration:5d}  critic {c_loss:+.4f}  generator {g_loss:+.4f}  distance {d:.4f}")

print(f"Wasserstein distance {d:.4f}")
