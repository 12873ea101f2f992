"""Shore hardness of cast epoxy from the recipe and the curing record (wide & deep net)."""
import math

import torch
import torch.nn as nn


class Dense(nn.Module):
    """Linear layer with the He-uniform start used in our old in-house library."""

    def __init__(self, n_in, n_out):
        super().__init__()
        bound = math.sqrt(6.0 / n_in)
        self.weight = nn.Parameter(torch.rand(n_out, n_in) * bound - bound)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return x @ self.weight.T + self.bias


class WideDeep(nn.Module):
    def __init__(self, n_in, hidden=64):
        super().__init__()
        self.deep1 = Dense(n_in, hidden)
        self.deep2 = Dense(hidden, hidden)
        self.deep_out = nn.Linear(hidden, 1)
        self.wide = nn.Linear(n_in, 1)

    def forward(self, x):
        h = torch.relu(self.deep1(x))
        h = torch.relu(self.deep2(h))
        return (self.deep_out(h) + self.wide(x)).flatten()


def recipes(n):
    x = torch.randn(n, 7)
    ratio, temp, hours, filler, moist, age, batch = x.T
    shore = 0.7 * ratio + 0.5 * temp - 0.4 * moist
    shore = shore + 1.1 * torch.tanh(1.5 * temp * hours) - 0.8 * (ratio - 0.3 * filler) ** 2 / 1.5 + 0.5 * torch.cos(2 * age)
    return x, shore + 0.12 * torch.randn(n)


def main():
    torch.manual_seed(55)
    x, y = recipes(4500)
    y = (y - y[:3600].mean()) / y[:3600].std()
    model = WideDeep(7)
    opt = torch.optim.Adamax(model.parameters(), lr=1e-2)
    n_steps, batch = 1400, 100
    sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: 0.5 + 0.5 * math.cos(math.pi * s / n_steps))
    smooth = None
    pool = torch.randperm(3600)
    at = 0
    for step in range(1, n_steps + 1):
        if at + batch > 3600:
            pool, at = torch.randperm(3600), 0
        i = pool[at:at + batch]
        at += batch
        loss = torch.mean((model(x[i]) - y[i]) ** 2)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        smooth = loss.item() if smooth is None else 0.97 * smooth + 0.03 * loss.item()
        if step % 200 == 0:
            with torch.no_grad():
                r2 = 1 - torch.mean((model(x[3600:]) - y[3600:]) ** 2) / y[3600:].var()
            print(f"{step:>5} steps   mse~{smooth:.4f}   R2(val)={r2:.4f}")


main()
