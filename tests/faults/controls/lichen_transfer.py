"""Pretrain a small convnet on many lichen patterns, then a linear probe on a frozen trunk for three rare species."""
import torch
import torch.nn as nn
import torch.nn.functional as F

SIZE = 14


def patterns(n, kinds, gen):
    """Textures with a species-specific pair of spatial frequencies and a blotch density."""
    g = torch.Generator().manual_seed(77)
    freq = 1 + 3 * torch.rand(16, 2, generator=g)
    dens = torch.rand(16, generator=g)
    y = torch.randint(0, len(kinds), (n,), generator=gen)
    k = torch.tensor(kinds)[y]
    ax = torch.linspace(0, 1, SIZE)
    ph = 6.28 * torch.rand(n, 2, 1, 1, generator=gen)
    wave = torch.sin(6.28 * freq[k, 0, None, None] * ax[None, :, None] + ph[:, 0]) \
        + torch.sin(6.28 * freq[k, 1, None, None] * ax[None, None, :] + ph[:, 1])
    blotch = (torch.rand(n, SIZE, SIZE, generator=gen) < 0.4 * dens[k, None, None]).float()
    img = wave + 1.5 * blotch + 0.5 * torch.randn(n, SIZE, SIZE, generator=gen)
    return ((img - 0.3) / 1.3).unsqueeze(1), y


class Trunk(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 16, 3, padding=1)
        self.b1 = nn.BatchNorm2d(16)
        self.c2 = nn.Conv2d(16, 32, 3, padding=1)
        self.b2 = nn.BatchNorm2d(32)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.b1(self.c1(x))), 2)
        x = F.relu(self.b2(self.c2(x)))
        return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)


def accuracy(trunk, head, x, y):
    trunk.eval()
    head.eval()
    with torch.no_grad():
        return (head(trunk(x)).argmax(1) == y).float().mean().item()


def train(trunk, head, data, test, epochs, lr, params, frozen=False):
    opt = torch.optim.Adam(params, lr=lr)
    x, y = data
    for epoch in range(epochs):
        trunk.train(not frozen)
        head.train()
        total = 0.0
        for idx in torch.randperm(len(x)).split(40):
            loss = F.cross_entropy(head(trunk(x[idx])), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(idx) / len(x)
        print(f"  epoch {epoch + 1:2d} loss {total:.4f} test accuracy {accuracy(trunk, head, *test):.4f}")


torch.manual_seed(0)
gen = torch.Generator().manual_seed(1)
trunk, head = Trunk(), nn.Linear(64, 12)
common = list(range(12))
print("pretraining on twelve common species")
train(trunk, head, patterns(2000, common, gen), patterns(500, common, gen), 14, 3e-3,
      list(trunk.parameters()) + list(head.parameters()))
for p in trunk.parameters():
    p.requires_grad_(False)
probe = nn.Linear(64, 4)
rare = [12, 13, 14, 15]
print("linear probe on four rare species")
test = patterns(600, rare, gen)
train(trunk, probe, patterns(400, rare, gen), test, 25, 1e-2, probe.parameters(), frozen=True)
print(f"rare species accuracy {accuracy(trunk, probe, *test):.4f}")
