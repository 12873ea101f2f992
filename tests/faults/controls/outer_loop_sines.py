"""Reptile on sine waves: learn start weights from which five gradient steps fit a new wave."""
import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(30)


def make_net():
    return nn.Sequential(nn.Linear(1, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh(), nn.Linear(40, 1))


def new_task():
    amplitude, phase = 0.6 + 0.9 * torch.rand(1), math.pi * torch.rand(1)

    def draw(n):
        x = torch.rand(n, 1) * 4 - 2
        return x, amplitude * torch.sin(1.5 * x + phase)
    return draw


def adapt(net, draw, steps, lr, n=10, data=None):
    inner = torch.optim.SGD(net.parameters(), lr=lr)
    for _ in range(steps):
        x, y = data if data is not None else draw(n)
        loss = F.mse_loss(net(x), y)
        inner.zero_grad()
        loss.backward()
        inner.step()
    return loss.item()


def evaluate(meta, tasks=20):
    generator_state = torch.get_rng_state()
    torch.manual_seed(999)
    before = after = 0.0
    for _ in range(tasks):
        draw = new_task()
        x, y = draw(200)
        net = copy.deepcopy(meta)
        before += F.mse_loss(net(x), y).item() / tasks
        adapt(net, draw, steps=10, lr=0.05, data=draw(10))
        after += F.mse_loss(net(x), y).item() / tasks
    torch.set_rng_state(generator_state)
    return before, after


meta = make_net()
work = make_net()
outer_steps, inner_steps, outer_lr = 900, 8, 0.4
for it in range(outer_steps):
    work.load_state_dict(meta.state_dict())
    last = adapt(work, new_task(), inner_steps, lr=0.05)
    rate = outer_lr * (1 - it / outer_steps)
    with torch.no_grad():
        for slow, fast in zip(meta.parameters(), work.parameters()):
            slow += rate * (fast - slow)
    if it % 100 == 99:
        before, after = evaluate(meta)
        print(f"outer step {it + 1}: inner loss {last:.4f}, new waves before {before:.4f} after {after:.4f}")
before, after = evaluate(meta)
print(f"new waves: before adaptation {before:.4f}, after adaptation {after:.4f}")
