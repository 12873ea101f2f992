"""Bearing faults on harbour cranes: labels exist for the old cranes only, the new ones have
another gearbox.  Domain-adversarial training: a domain head tries to tell old from new, the
features are trained against it through a gradient reversal."""
import math

import torch
from torch import nn
from torch.autograd import Function


class Reverse(Function):
    @staticmethod
    def forward(ctx, x, strength):
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -ctx.strength * grad, None


def spectra(n, new, gen):
    """24 bands; five fault kinds in a 6-d pattern, the gearbox adds its own bands"""
    fixed = torch.Generator().manual_seed(1234)
    kinds = torch.randn(5, 6, generator=fixed) * 1.5
    lift = torch.randn(6, 24, generator=fixed) / 6 ** 0.5
    gear = torch.randn(2, 24, generator=fixed)
    y = torch.randint(0, 5, (n,), generator=gen)
    x = (kinds[y] + 0.5 * torch.randn(n, 6, generator=gen)) @ lift
    load = torch.randn(n, 1, generator=gen)
    x = x + gear[int(new)] * (1.1 + 0.4 * load) * 0.7
    return x + 0.25 * torch.randn(n, 24, generator=gen), y


class CraneNet(nn.Module):
    def __init__(self, width=96, code=32):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(24, width), nn.ReLU(), nn.Linear(width, code), nn.ReLU())
        self.fault = nn.Linear(code, 5)
        self.domain = nn.Sequential(nn.Linear(code, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, x, strength=0.0):
        f = self.features(x)
        return self.fault(f), self.domain(Reverse.apply(f, strength)).squeeze(1)


def accuracy(net, x, y):
    with torch.no_grad():
        return (net(x)[0].argmax(1) == y).float().mean().item()


gen = torch.Generator().manual_seed(3)
torch.manual_seed(3)
xs, ys = spectra(4000, False, gen)
xt, _ = spectra(4000, True, gen)
x_old, y_old = spectra(1500, False, gen)
x_new, y_new = spectra(1500, True, gen)
mu = torch.cat([xs, xt]).mean(0)
sd = torch.cat([xs, xt]).std(0)
xs, xt, x_old, x_new = ((v - mu) / sd for v in (xs, xt, x_old, x_new))

net = CraneNet()
opt = torch.optim.SGD([{"params": net.features.parameters()}, {"params": net.fault.parameters()},
                       {"params": net.domain.parameters(), "lr": 0.1}], lr=0.03, momentum=0.9)
bce, ce = nn.BCEWithLogitsLoss(), nn.CrossEntropyLoss()
STEPS, B = 1800, 64
mark = torch.cat([torch.zeros(B), torch.ones(B)])
for step in range(STEPS):
    done = step / STEPS
    strength = 2 / (1 + math.exp(-10 * done)) - 1
    for g, base in zip(opt.param_groups, (0.03, 0.03, 0.1)):
        g["lr"] = base / (1 + 10 * done) ** 0.75
    i, j = torch.randint(0, 4000, (2, B), generator=gen)
    logits, dom = net(torch.cat([xs[i], xt[j]]), strength)
    l_fault, l_dom = ce(logits[:B], ys[i]), bce(dom, mark)
    loss = l_fault + l_dom
    opt.zero_grad()
    loss.backward()
    opt.step()
    if (step + 1) % 300 == 0:
        print(f"{step + 1:5d}: fault {l_fault.item():.3f}  domain {l_dom.item():.3f} (chance 0.693)  rev {strength:.2f}"
              f"  old cranes {accuracy(net, x_old, y_old):.3f}  new cranes {accuracy(net, x_new, y_new):.3f}")
print(f"accuracy on new cranes {accuracy(net, x_new, y_new):.4f} (old {accuracy(net, x_old, y_old):.4f})")
