"""Cooling law of a cheese vat: physical constants and a small correction net fitted through a simulator by LBFGS.

Every run of the vat is a temperature curve; the simulator is Euler in 30 steps, the whole data set is one batch,
and the line search evaluates the closure several times for each step.
"""
import torch
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(50)
HOURS, TICKS = 3.0, 30
DT = HOURS / TICKS


def true_flow(temp, room, stir):
    return -(0.35 + 0.5 * stir * torch.sigmoid((temp - 45) / 6)) * (temp - room) - 0.02 * (temp - room).clamp(min=0) ** 1.25


class Vat(nn.Module):
    def __init__(self):
        super().__init__()
        self.log_loss = nn.Parameter(torch.tensor(-2.0))
        self.net = nn.Sequential(nn.Linear(3, 12), nn.Tanh(), nn.Linear(12, 1))
        with torch.no_grad():
            self.net[2].weight.mul_(0.1)

    def flow(self, temp, room, stir):
        z = torch.stack([(temp - 45) / 20, (room - 15) / 5, stir * 2 - 1], 1)
        return -(self.log_loss.exp() + self.net(z).squeeze(1)) * (temp - room)

    def simulate(self, start, room, stir):
        return roll(self.flow, start, room, stir)


def roll(flow, start, room, stir):
    temp, path = start, []
    for _ in range(TICKS):
        temp = temp + DT * flow(temp, room, stir)
        path.append(temp)
    return torch.stack(path, 1)


def runs(n):
    start, room, stir = 50 + 30 * torch.rand(n), 8 + 14 * torch.rand(n), torch.rand(n)
    with torch.no_grad():
        return start, room, stir, roll(true_flow, start, room, stir) + 0.3 * torch.randn(n, TICKS)


train, fresh = runs(160), runs(80)
vat = Vat()
opt = torch.optim.LBFGS(vat.parameters(), lr=1.0, max_iter=10, history_size=20, line_search_fn="strong_wolfe")
calls = 0


def closure():
    global calls
    calls += 1
    opt.zero_grad()
    *inputs, measured = train
    miss = (vat.simulate(*inputs) - measured) / 10
    loss = miss.square().mean() + 1e-6 * sum(p.square().sum() for p in vat.net.parameters())
    loss.backward()
    return loss


def rmse(data):
    *inputs, measured = data
    with torch.no_grad():
        return (vat.simulate(*inputs) - measured).square().mean().sqrt().item()


for outer in range(1, 15):
    loss = opt.step(closure)
    print(f"outer {outer:2d} | objective {loss.item():.6f} | {calls:3d} simulations | rmse {rmse(train):.3f} K, fresh runs {rmse(fresh):.3f} K")

print(f"base loss rate {vat.log_loss.exp().item():.3f} per hour; thermometer noise is 0.300 K")
print(f"fresh runs: rmse {rmse(fresh):.4f} K")
