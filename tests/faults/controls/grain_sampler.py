"""Generator without a discriminator: sliced Wasserstein distance between a batch of grains and a batch of samples."""
import torch
from torch import nn

torch.manual_seed(6)


def grains(n):
    """Size and elongation of sand grains from three sources."""
    k = torch.randint(0, 3, (n,))
    centre = torch.tensor([[-1.2, -0.8], [1.1, -0.6], [0.1, 1.3]])[k]
    spread = torch.tensor([[0.5, 0.35], [0.35, 0.5], [0.55, 0.4]])[k]
    return centre + spread * torch.randn(n, 2)


def sliced_distance(a, b, n_dirs=64, generator=None):
    dirs = torch.randn(2, n_dirs, generator=generator)
    dirs = dirs / dirs.norm(dim=0, keepdim=True)
    pa, _ = (a @ dirs).sort(dim=0)
    pb, _ = (b @ dirs).sort(dim=0)
    return ((pa - pb) ** 2).mean()


class Sampler(nn.Module):
    def __init__(self, z_dim=6, width=64):
        super().__init__()
        self.z_dim = z_dim
        self.net = nn.Sequential(nn.Linear(z_dim, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
                                 nn.Linear(width, 2))

    def forward(self, n):
        return self.net(torch.randn(n, self.z_dim))


sampler = Sampler()
opt = torch.optim.Adam(sampler.parameters(), lr=1.5e-2, betas=(0.5, 0.95))
sched = torch.optim.lr_scheduler.MultiStepLR(opt, [700, 1000], gamma=0.3)
bank = grains(6000)
test = grains(4000)
recent = []
for step in range(1200):
    real = bank[torch.randint(0, len(bank), (400,))]
    loss = sliced_distance(sampler(400), real)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    recent.append(loss.item())
    if (step + 1) % 150 == 0:
        with torch.no_grad():
            d = sliced_distance(sampler(4000), test, 200, torch.Generator().manual_seed(0)).item()
        print(f"step {step + 1:5d}  batch distance {sum(recent[-150:]) / 150:.4f}  held-out distance {d:.4f}")
ref = sliced_distance(grains(4000), test, 200, torch.Generator().manual_seed(0)).item()
print(f"two real samples are {ref:.4f} apart")
print(f"held-out sliced distance {d:.5f}")
