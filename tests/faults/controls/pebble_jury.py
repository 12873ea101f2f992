"""Settling speed of pebbles in a flume: ten small networks, all trained in one go with torch.func.

There is no optimizer object and no .backward(): the gradient of every member comes out of vmap(grad(...)),
and Adam's update is written by hand on the stacked parameters.
"""
import math
import torch
from torch import nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

torch.manual_seed(12)
MEMBERS, STEPS, BATCH, PEAK = 10, 700, 128, 5e-3


def flume(n):
    size = torch.exp(1.2 * torch.randn(n) - 1.5)
    density = 1.6 + 0.4 * torch.randn(n).clamp(-2, 2)
    shape = torch.rand(n)
    temp = 5 + 20 * torch.rand(n)
    visc = 1.7 * torch.exp(-0.025 * temp)
    stokes = 3.0 * density * size ** 2 / visc
    speed = stokes / (1 + torch.sqrt(0.4 * stokes * size)) * (1 - 0.5 * shape * torch.tanh(3 * size))
    x = torch.stack([size.log(), density, shape, temp], 1)
    return x, speed.log() + 0.08 * torch.randn(n)


x, y = flume(5000)
x, y = (x - x[:4000].mean(0)) / x[:4000].std(0), (y - y[:4000].mean()) / y[:4000].std()
xv, yv = x[4000:], y[4000:]

nets = [nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)) for _ in range(MEMBERS)]
params, _ = stack_module_state(nets)
params = {k: v.detach() for k, v in params.items()}
first = {k: torch.zeros_like(v) for k, v in params.items()}
second = {k: torch.zeros_like(v) for k, v in params.items()}
blank = nets[0]


def misfit(p, xb, yb):
    return (functional_call(blank, p, (xb,)).squeeze(-1) - yb).square().mean()


each = vmap(grad_and_value(misfit), in_dims=(0, 0, 0))
everyone = vmap(lambda p, xb: functional_call(blank, p, (xb,)).squeeze(-1), in_dims=(0, None))

for t in range(1, STEPS + 1):
    rate = PEAK * min(1.0, t / 50) * 0.5 * (1 + math.cos(math.pi * t / STEPS)) + 1e-5
    rows = torch.randint(4000, (MEMBERS, BATCH))
    grads, losses = each(params, x[rows], y[rows])
    for k, g in grads.items():
        first[k] = 0.9 * first[k] + 0.1 * g
        second[k] = 0.999 * second[k] + 0.001 * g * g
        step = (first[k] / (1 - 0.9 ** t)) / ((second[k] / (1 - 0.999 ** t)).sqrt() + 1e-8)
        params[k] = params[k] - rate * step
    if t % 100 == 0:
        guess = everyone(params, xv)
        single = (guess - yv).square().mean(1)
        print(f"t={t:4d} train {losses.mean():.4f}  members {single.min():.4f}..{single.max():.4f}  jury {(guess.mean(0) - yv).square().mean():.4f}")

guess = everyone(params, xv).mean(0)
print(f"jury R2 on pebbles held back: {1 - ((guess - yv).square().mean() / yv.var()).item():.4f}")
