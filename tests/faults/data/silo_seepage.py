# Moisture reading at the foot of a grain silo.
#
# At every hour we know three things about the grain that went in (temperature, wetness,
# grain size, all as standard scores).  The foot reading is mostly decided by the average
# of everything that was filled so far, plus a bit of what is going in right now.
# Predict the reading for every hour of a 24 hour filling.
import math
import torch
import torch.nn as nn

torch.manual_seed(2024)
HOURS = 24


def fillings(n):
    day = torch.randn(n, 1, 3) * 0.7
    x = day + torch.randn(n, HOURS, 3) * 0.7
    temp, wet, size = x.unbind(-1)
    seep = torch.sin(1.5 * wet) + 0.5 * temp * wet - 0.4 * size.abs()
    so_far = torch.arange(1, HOURS + 1).float()
    foot = torch.cumsum(seep, 1) / so_far
    y = 1.6 * foot + 0.35 * torch.tanh(temp - size) + 0.1 * torch.randn(n, HOURS)
    return x, y


class RunningMean(nn.Module):
    """Mean of everything seen up to and including each step."""

    def forward(self, h):
        steps = torch.arange(1, HOURS + 1, device=h.device, dtype=h.dtype)
        return torch.cumsum(h, 0) / steps.view(-1, 1)


class SiloNet(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(3, 64), nn.SiLU(), nn.Linear(64, d))
        self.memory = RunningMean()
        self.rho = nn.Sequential(nn.Linear(2 * d, 64), nn.SiLU(), nn.Linear(64, 1))

    def forward(self, x):
        now = self.phi(x)
        past = self.memory(now)
        return self.rho(torch.cat([now, past], -1)).squeeze(-1)


x_tr, y_tr = fillings(1500)
x_va, y_va = fillings(400)
mean, std = y_tr.mean(), y_tr.std()
y_tr, y_va = (y_tr - mean) / std, (y_va - mean) / std

model = SiloNet()
optimizer = torch.optim.NAdam(model.parameters(), lr=3e-3)
BATCH, EPOCHS = 30, 16
total_steps = EPOCHS * (len(x_tr) // BATCH)
step = 0


def r2():
    with torch.no_grad():
        pred = torch.cat([model(part) for part in x_va.split(BATCH)])
    return 1 - ((pred - y_va) ** 2).sum().item() / ((y_va - y_va.mean()) ** 2).sum().item()


for epoch in range(EPOCHS):
    perm = torch.randperm(len(x_tr))
    for chunk in perm.split(BATCH):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * 0.5 * (1 + math.cos(math.pi * step / total_steps))
        optimizer.zero_grad()
        loss = nn.functional.smooth_l1_loss(model(x_tr[chunk]), y_tr[chunk])
        loss.backward()
        optimizer.step()
        step += 1
        if step % 100 == 0:
            print(f"step {step:5d}   huber {loss.item():.4f}   R2 {r2():.3f}")

print(f"R2 on 400 unseen fillings: {r2():.4f}")
