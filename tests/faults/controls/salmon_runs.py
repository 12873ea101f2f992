"""A generator learns the joint law of salmon length and run day from a critic's game (hinge GAN, two optimisers)."""
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(44)
NOISE, BATCH, ROUNDS = 6, 128, 1000


def fish(n, g):
    run = (torch.rand(n, generator=g) < 0.4).float()
    day = torch.where(run > 0, -1.0 + 0.35 * torch.randn(n, generator=g), 0.8 + 0.45 * torch.randn(n, generator=g))
    size = 0.8 * torch.sin(1.5 * day) + 0.5 * run + 0.2 * torch.randn(n, generator=g)
    return torch.stack([day, size], dim=1)


def tower(i, o, act):
    return nn.Sequential(nn.Linear(i, 48), act, nn.Linear(48, 48), act, nn.Linear(48, o))


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.utils.parametrizations.spectral_norm(nn.Linear(i, o)) for i, o in ((2, 48), (48, 48), (48, 1)))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), 0.2) * 1.4
        return self.layers[-1](x).squeeze(1) * 2


def energy_distance(a, b):
    return (2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean()).item()


world = torch.Generator().manual_seed(1)
catch = fish(8000, world)
held = fish(1500, world)
generator, critic = tower(NOISE, 2, nn.ReLU()), Critic()
average = copy.deepcopy(generator).requires_grad_(False)
opt_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
opt_c = torch.optim.Adam(critic.parameters(), lr=3e-3, betas=(0.5, 0.9))
sched_g = torch.optim.lr_scheduler.LinearLR(opt_g, 1.0, 0.02, total_iters=ROUNDS)
sched_c = torch.optim.lr_scheduler.LinearLR(opt_c, 1.0, 0.1, total_iters=ROUNDS)

sum_c = sum_g = 0.0
for turn in range(1, ROUNDS + 1):
    real = catch[torch.randint(0, len(catch), (BATCH,))]
    with torch.no_grad():
        fake = generator(torch.randn(BATCH, NOISE))
    loss_c = F.relu(1 - critic(real)).mean() + F.relu(1 + critic(fake)).mean()
    opt_c.zero_grad()
    loss_c.backward()
    opt_c.step()

    critic.requires_grad_(False)
    loss_g = -critic(generator(torch.randn(BATCH, NOISE))).mean()
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    critic.requires_grad_(True)
    sched_c.step()
    sched_g.step()

    with torch.no_grad():
        for slow, fast in zip(average.parameters(), generator.parameters()):
            slow.lerp_(fast, 0.02)
    sum_c, sum_g = sum_c + loss_c.item(), sum_g + loss_g.item()
    if turn % 100 == 0:
        with torch.no_grad():
            sample = average(torch.randn(1500, NOISE))
        print(f"round {turn:4d}  critic {sum_c / 100:.4f}  generator {sum_g / 100:+.4f}  "
              f"energy distance {energy_distance(sample, held):.4f}")
        sum_c = sum_g = 0.0

same = energy_distance(fish(1500, world), held)
print(f"energy distance between two real catches: {same:.4f}")
print(f"energy distance of the generator: {energy_distance(sample, held):.4f}")
