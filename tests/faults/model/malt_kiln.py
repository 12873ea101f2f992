"""Moisture of malt at the end of kilning, from the logged temperature and air flow (own recurrent cell).

The cell adds up what each minute contributes, as drying does.
"""
import torch
from torch import nn

MINUTES = 50


def kiln_runs(n, gen):
    ramp = torch.linspace(0, 1, MINUTES)
    target = 0.5 + torch.rand(n, 1, generator=gen)
    temp = target * ramp + 0.4 * torch.randn(n, MINUTES, generator=gen).cumsum(1) / MINUTES ** 0.5
    air = torch.zeros(n, MINUTES)
    level = torch.rand(n, generator=gen)
    for m in range(MINUTES):
        level = torch.where(torch.rand(n, generator=gen) < 0.06, torch.rand(n, generator=gen), level)
        air[:, m] = level
    water = torch.full((n,), 1.0)
    for m in range(MINUTES):
        water = water - 0.06 * water * torch.relu(temp[:, m]) * (0.2 + air[:, m])
    x = torch.stack([temp, air], 2)
    return x, (water + 0.01 * torch.randn(n, generator=gen)).unsqueeze(1)


class DryingCell(nn.Module):
    def __init__(self, inputs, units):
        super().__init__()
        self.inp = nn.Linear(inputs, units)
        self.rec = nn.Linear(units, units, bias=False)

    def forward(self, x, h):
        return h + torch.relu(self.inp(x) + self.rec(h))


class KilnModel(nn.Module):
    def __init__(self, inputs=2, units=48):
        super().__init__()
        self.units = units
        self.cell = DryingCell(inputs, units)
        self.out = nn.Sequential(nn.Linear(units, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        h = x.new_zeros(len(x), self.units)
        for m in range(x.shape[1]):
            h = self.cell(x[:, m], h)
        return self.out(h)


def fit(model, x, y, xv, yv, epochs, lr):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.8)
    mse = nn.MSELoss()
    for epoch in range(epochs):
        total = 0.0
        for idx in torch.randperm(len(x)).split(50):
            loss = mse(model(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(idx) / len(x)
        sched.step()
        with torch.no_grad():
            r2 = 1 - mse(model(xv), yv).item() / yv.var().item()
        print("Epoch {:>2}/{}  MSE {:.4g}  validation R2 {:.4f}".format(epoch + 1, epochs, total, r2), flush=True)
    return r2


torch.manual_seed(17)
gen = torch.Generator().manual_seed(17)
x, y = kiln_runs(2000, gen)
xv, yv = kiln_runs(400, gen)
mx, sx, my, sy = x.mean((0, 1)), x.std((0, 1)), y.mean(), y.std()
r2 = fit(KilnModel(), (x - mx) / sx, (y - my) / sy, (xv - mx) / sx, (yv - my) / sy, epochs=10, lr=4e-3)
print("final R2: {:.4f}".format(r2))
