"""Generator and discriminator on drifting buoys that gather in six eddies; score: sliced distance to fresh buoys."""
import copy
import math
import torch
from torch import nn
import torch.nn.functional as F

SEED = 31
ITERS = 900
LR = 2e-3
WIDTH = 64
R1 = 0.03


def buoys(n):
    k = torch.randint(0, 6, (n,))
    a = k * (math.pi / 3)
    centre = torch.stack([a.cos(), a.sin()], 1) * 1.5
    return centre + 0.35 * torch.randn(n, 2)


def mlp(i, o):
    return nn.Sequential(nn.Linear(i, WIDTH), nn.LeakyReLU(0.2), nn.Linear(WIDTH, WIDTH), nn.LeakyReLU(0.2), nn.Linear(WIDTH, o))


def sliced(a, b, n=64):
    d = torch.randn(2, n)
    d = d / d.norm(dim=0)
    return ((a @ d).sort(0).values - (b @ d).sort(0).values).abs().mean().item()


def main():
    torch.manual_seed(SEED)
    gen, disc = mlp(4, 2), mlp(2, 1)
    smooth = copy.deepcopy(gen)
    og = torch.optim.Adam(gen.parameters(), lr=LR / 2, betas=(0.5, 0.99))
    od = torch.optim.Adam(disc.parameters(), lr=LR, betas=(0.5, 0.99))
    decay = lambda it: 1.0 if it < ITERS / 2 else 2.02 - 2 * it / ITERS
    sg = torch.optim.lr_scheduler.LambdaLR(og, decay)
    sd = torch.optim.lr_scheduler.LambdaLR(od, decay)
    for it in range(1, ITERS + 1):
        real = buoys(192).requires_grad_(True)
        fake = gen(torch.randn(192, 4))
        out = disc(real)
        grad, = torch.autograd.grad(out.sum(), real, create_graph=True)
        r1 = grad.square().sum(1).mean()
        ld = F.softplus(-out).mean() + F.softplus(disc(fake.detach())).mean()
        od.zero_grad()
        (ld + 0.5 * R1 * r1).backward()
        od.step()
        lg = F.softplus(-disc(fake)).mean()
        og.zero_grad()
        lg.backward()
        og.step()
        sg.step()
        sd.step()
        with torch.no_grad():
            for p, q in zip(smooth.parameters(), gen.parameters()):
                p.lerp_(q, 0.01)
        if it % (ITERS // 10) == 0:
            with torch.no_grad():
                gap = sliced(smooth(torch.randn(4000, 4)), buoys(4000))
            print(f"iter {it:4d} disc {ld.item():.3f} r1 {r1.item():.3f} gen {lg.item():.3f} sliced {gap:.4f}")
    with torch.no_grad():
        ref = sum(sliced(buoys(20000), buoys(20000)) for _ in range(4)) / 4
        end = sum(sliced(smooth(torch.randn(20000, 4)), buoys(20000)) for _ in range(4)) / 4
    print(f"two fresh draws of real buoys differ by {ref:.4f}")
    print(f"final sliced distance {end:.4f}")


main()
