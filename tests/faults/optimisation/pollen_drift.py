# Denoising score matching for pollen-grain shape descriptors (5 numbers a grain, four species).
# The palynologist uses the score to pull smeared measurements back towards real shapes, so it is judged on
# how well it agrees with the exact score of the smeared distribution (known here, the grains are simulated).
import math

import torch
from torch import nn

torch.manual_seed(12)
D, SPECIES = 5, 4
LO, HI = 0.25, 1.0
centres = 1.5 * torch.randn(SPECIES, D)
inner = 0.35


def grains(n):
    return centres[torch.randint(SPECIES, (n,))] + inner * torch.randn(n, D)


def exact_score(x, sigma):
    var = inner ** 2 + sigma ** 2
    diff = centres - x.unsqueeze(1)
    w = (-0.5 * diff.pow(2).sum(-1) / var).softmax(1)
    return (w.unsqueeze(-1) * diff).sum(1) / var


class ScoreField(nn.Module):
    def __init__(self, h=96):
        super().__init__()
        self.inp = nn.Linear(D + 2, h)
        self.mid = nn.Linear(h, h)
        self.out = nn.Linear(h, D)

    def forward(self, x, sigma):
        tag = torch.cat([sigma.log(), sigma], 1)
        scaled = x / (1.6 ** 2 + sigma ** 2).sqrt()
        h = nn.functional.silu(self.inp(torch.cat([scaled, tag], 1)))
        h = h + nn.functional.silu(self.mid(h))
        return self.out(h) / sigma


def smear(x):
    u = torch.rand(len(x), 1)
    sigma = torch.exp(math.log(LO) + u * math.log(HI / LO))
    noise = torch.randn_like(x)
    return x + sigma * noise, sigma, noise


test_x, test_sigma, _ = smear(grains(3000))
test_score = exact_score(test_x, test_sigma)


@torch.no_grad()
def agreement(net):
    err = (test_sigma * (net(test_x, test_sigma) - test_score)).pow(2).sum()
    return 1 - (err / (test_sigma * test_score).pow(2).sum()).item()


net = ScoreField()
optim = torch.optim.Adam(net.parameters(), lr=3e-3, betas=(0.999, 0.9))
total_steps = 1500
step = 0
while step < total_steps:
    noisy, sigma, noise = smear(grains(200))
    loss = (sigma * net(noisy, sigma) + noise).pow(2).mean()
    optim.zero_grad()
    loss.backward()
    optim.step()
    step += 1
    if step == 1100:
        optim.param_groups[0]["lr"] *= 0.2
    if step % 150 == 0:
        print("step %d: dsm %.4f, agreement %.4f" % (step, loss.item(), agreement(net)))
print("agreement with the exact score: %.4f" % agreement(net))
