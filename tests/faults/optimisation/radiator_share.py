"""
District heating, flat by flat: the daily consumption is explained by what the tenant
tells us (household profile) and corrected by what the building's sensors say.  Two small
networks, each with its own optimiser, so that the sensor part can be swapped out when a
building has no sensors.
"""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

rng = np.random.default_rng(40)
torch.manual_seed(40)

N = 4000
profile = rng.normal(size=(N, 6)).astype(np.float32)      # people, m2, hours at home ...
sensors = rng.normal(size=(N, 8)).astype(np.float32)      # outside temp, flow, wind ...
habit = 1.2 * np.tanh(profile[:, 0] + profile[:, 1]) + 0.6 * profile[:, 2] * profile[:, 3]
physics = 0.9 * np.sin(1.3 * sensors[:, 0]) + 0.8 * sensors[:, 1] * (sensors[:, 2] > 0) - 0.5 * sensors[:, 3]
kwh = 30 + 9 * (habit + physics + rng.normal(0, 0.25, N))
y = torch.tensor((kwh - kwh.mean()) / kwh.std(), dtype=torch.float32)
profile, sensors = torch.from_numpy(profile), torch.from_numpy(sensors)
tr, te = slice(0, 3200), slice(3200, N)


def mlp(n_in):
    return nn.Sequential(nn.Linear(n_in, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1), nn.Flatten(0))


base, corr = mlp(6), mlp(8)
base_opt = torch.optim.AdamW(base.parameters(), lr=4e-3, weight_decay=0.02)
corr_opt = torch.optim.AdamW(corr.parameters(), lr=4e-3, weight_decay=0.02)
schedules = [torch.optim.lr_scheduler.CosineAnnealingLR(o, 20) for o in (base_opt, corr_opt)]


@torch.no_grad()
def r2(part):
    pred = base(profile[part]) + corr(sensors[part])
    return (1 - (y[part] - pred).pow(2).mean() / y[part].var()).item()


for epoch in range(20):
    base_sum, corr_sum, k = 0.0, 0.0, 0
    for idx in torch.randperm(3200).split(64):
        # household part
        guess = base(profile[idx])
        base_loss = F.mse_loss(guess, y[idx])
        base_opt.zero_grad()
        base_loss.backward()
        base_opt.step()

        # what is left over goes to the building part
        left = y[idx] - guess.detach()
        corr_loss = F.mse_loss(corr(sensors[idx]), left)
        corr_opt.zero_grad()
        corr_opt.step()

        base_sum += base_loss.item()
        corr_sum += corr_loss.item()
        k += 1
    for s in schedules:
        s.step()
    if (epoch + 1) % 2 == 0:
        print(f"{epoch + 1:3d}  household {base_sum / k:.3f}  building {corr_sum / k:.3f}  R2 train {r2(tr):.3f} test {r2(te):.3f}")

print(f"test R2: {r2(te):.4f}")
