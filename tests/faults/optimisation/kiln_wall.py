"""Conductivity of a kiln wall from thermocouples.

The wall (12 cells) is heated from inside with known firing schedules; five thermocouples are logged.
A differentiable finite-volume simulator is fitted to the logs: conductivity at six depths, heat lost
at the outer face, and a weak heat source at six depths.  The mason asks for the forecast of new firings.
"""
import numpy as np
import torch

torch.manual_seed(2)
torch.set_default_dtype(torch.float64)

CELLS, KNOTS, STEPS = 12, 6, 50
DT = 0.4
grid = np.linspace(0, 1, CELLS)
knots = np.linspace(0, 1, KNOTS)
hat = torch.tensor(np.stack([np.interp(grid, knots, row) for row in np.eye(KNOTS)], axis=1))
probes = [1, 3, 5, 7, 10]


def simulate(k, source, loss_coeff, firing):
    """firing: (runs, STEPS) inner-face temperature; returns (runs, STEPS, CELLS)."""
    face = 0.5 * (k[1:] + k[:-1])
    u = torch.zeros(firing.shape[0], CELLS)
    out = []
    for t in range(STEPS):
        flux = face * (u[:, 1:] - u[:, :-1])
        inner = 2.0 * k[0] * (firing[:, t:t + 1] - u[:, :1])
        outer = -loss_coeff * u[:, -1:]
        gain = torch.cat([inner, torch.zeros(len(u), CELLS - 1)], 1)
        div = torch.cat([flux, outer], 1) - torch.cat([torch.zeros(len(u), 1), flux], 1)
        u = u + DT * (div + gain + source)
        out.append(u)
    return torch.stack(out, 1)


def firing_schedules(n, seed):
    g = torch.Generator().manual_seed(seed)
    t = torch.linspace(0, 1, STEPS)
    top = 1 + torch.rand(n, 1, generator=g)
    freq = 1 + 2 * torch.rand(n, 1, generator=g)
    return top * (0.7 + 0.5 * torch.sin(2 * np.pi * freq * t + 6 * torch.rand(n, 1, generator=g)))


# the real wall: brick, a layer of insulation, brick
z = torch.tensor(grid)
true_k = 1.0 - 0.85 * torch.exp(-((z - 0.4) / 0.2) ** 2)
true_source = 0.01 * torch.exp(-((z - 0.75) / 0.15) ** 2)
true_loss = torch.tensor(0.35)

fit_fire, new_fire = firing_schedules(12, 1), firing_schedules(6, 99)
with torch.no_grad():
    logs = simulate(true_k, true_source, true_loss, fit_fire)[:, :, probes]
    logs = logs + 0.005 * torch.randn_like(logs)
    new_logs = simulate(true_k, true_source, true_loss, new_fire)[:, :, probes]

log_k = torch.full((KNOTS,), np.log(0.2)).requires_grad_()
src = torch.zeros(KNOTS, requires_grad=True)
log_loss = torch.tensor(np.log(0.1), requires_grad=True)
opt = torch.optim.Adam([
    {"params": [log_k], "lr": 0.05},
    {"params": [src], "lr": 0.003},
    {"params": [log_loss], "lr": 0.03},
])


def wall():
    # geometric interpolation between the knots
    k = torch.as_tensor(np.exp(np.interp(grid, knots, log_k.detach().numpy())))
    return k, hat @ src, log_loss.exp()


def forecast_r2():
    with torch.no_grad():
        pred = simulate(*wall(), new_fire)[:, :, probes]
    return (1 - ((pred - new_logs) ** 2).mean((0, 1)) / new_logs.var((0, 1))).mean()


for it in range(201):
    pred = simulate(*wall(), fit_fire)[:, :, probes]
    misfit = (pred - logs).pow(2).mean()
    opt.zero_grad()
    misfit.backward()
    opt.step()
    if it % 20 == 0:
        print(f"it {it:3d}  rms misfit {misfit.sqrt().item():.4f}  loss coeff {log_loss.exp().item():.3f}  "
              f"new firings R2 {forecast_r2().item():.3f}")

print("forecast R2 = %.4f" % forecast_r2().item())
