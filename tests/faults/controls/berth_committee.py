"""A committee of six small networks trained side by side with torch.func: time that a ship spends at the berth."""
import copy
import torch
import torch.nn as nn
from torch.func import functional_call, stack_module_state, vmap

MEMBERS = 6


def port_calls(n, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 7, generator=g)
    y = x[:, 0] + 0.8 * torch.tanh(x[:, 1] * x[:, 2]) + 0.6 * torch.relu(x[:, 3]) + 0.35 * torch.randn(n, generator=g)
    return x, y


def member():
    return nn.Sequential(nn.Linear(7, 32), nn.SiLU(), nn.Linear(32, 16), nn.SiLU(), nn.Linear(16, 1))


class Committee:
    def __init__(self, k, lr):
        models = [member() for _ in range(k)]
        self.params, self.buffers = stack_module_state(models)
        self.base = copy.deepcopy(models[0]).to("meta")
        self.opt = torch.optim.Adam(self.params.values(), lr=lr, weight_decay=1e-4)

    def _one(self, params, buffers, x):
        return functional_call(self.base, (params, buffers), (x,)).squeeze(-1)

    def predict(self, x, shared=True):
        return vmap(self._one, in_dims=(0, 0, None if shared else 0))(self.params, self.buffers, x)

    def step(self, x, y):
        self.opt.zero_grad()
        losses = ((self.predict(x, shared=False) - y) ** 2).mean(1)
        losses.sum().backward()
        self.opt.step()
        return losses.detach()


torch.manual_seed(4)
x, y = port_calls(5000, 1)
xt, yt = port_calls(1500, 2)
mean, std = y.mean(), y.std()
y, yt = (y - mean) / std, (yt - mean) / std
committee = Committee(MEMBERS, lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(committee.opt, 20)
for epoch in range(20):
    orders = torch.stack([torch.randperm(len(x)) for _ in range(MEMBERS)])
    running = torch.zeros(MEMBERS)
    for k in range(0, len(x), 100):
        rows = orders[:, k:k + 100]
        running += committee.step(x[rows], y[rows])
    sched.step()
    with torch.no_grad():
        each = committee.predict(xt)
    single = ((each - yt) ** 2).mean().item()
    joint = ((each.mean(0) - yt) ** 2).mean().item()
    if epoch % 2:
        print(f"epoch {epoch + 1:2d} train {(running.mean() / 50).item():.4f} member {single:.4f} committee {joint:.4f}")
print(f"noise level {(0.35 / std).item() ** 2:.4f}")
print(f"committee test MSE {joint:.4f}")
