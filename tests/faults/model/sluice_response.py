"""Water level below a sluice as it answers to gate movements, by a dilated causal convolution net (WaveNet-style gates)."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

STEPS = 96


def simulate(n, seed):
    rng = np.random.default_rng(seed)
    gate = np.zeros((n, STEPS))
    for i in range(n):
        t = 0
        while t < STEPS:
            hold = int(rng.integers(4, 14))
            gate[i, t:t + hold] = rng.uniform(-1.5, 1.5)
            t += hold
    wind = rng.normal(0, 1, (n, STEPS))
    level, slow = np.zeros((n, STEPS)), np.zeros(n)
    for t in range(STEPS):
        delayed = gate[:, t - 3] if t >= 3 else 0 * slow
        slow = 0.8 * slow + 0.2 * np.tanh(1.5 * delayed)
        level[:, t] = 1.4 * slow + 0.35 * wind[:, t]
    level += rng.normal(0, 0.08, level.shape)
    x = np.stack([gate, wind], 1)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(level, dtype=torch.float32)


class GatedLayer(nn.Module):
    def __init__(self, width, dilation):
        super().__init__()
        self.pad = dilation
        self.both = nn.Conv1d(width, 2 * width, 2, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)

    def forward(self, h):
        a, b = self.both(F.pad(h, (self.pad, 0))).chunk(2, 1)
        return self.mix(torch.tanh(a) * torch.sigmoid(b))


class SluiceNet(nn.Module):
    def __init__(self, width=16, dilations=(1, 2, 4, 8, 1, 2, 4, 8)):
        super().__init__()
        self.lift = nn.Conv1d(2, width, 1)
        self.layers = nn.ModuleList(GatedLayer(width, d) for d in dilations)
        self.read = nn.Conv1d(width + 2, 1, 1)

    def forward(self, x):
        h = self.lift(x)
        for layer in self.layers:
            h = layer(h)
        return self.read(torch.cat([h, x], 1)).squeeze(1)


def r2(model, x, y):
    with torch.no_grad():
        return 1 - F.mse_loss(model(x), y).item() / y.var().item()


torch.manual_seed(6)
x, y = simulate(960, 1)
xv, yv = simulate(160, 2)
mu, sd = y.mean(), y.std()
y, yv = (y - mu) / sd, (yv - mu) / sd
net = SluiceNet()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
plan = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=7)
for epoch in range(7):
    perm, seen = torch.randperm(len(x)), []
    for i in range(0, len(x), 32):
        j = perm[i:i + 32]
        loss = F.mse_loss(net(x[j]), y[j])
        opt.zero_grad()
        loss.backward()
        opt.step()
        seen.append(loss.detach())
    plan.step()
    print(f"ep {epoch:02d} | mse {torch.stack(seen).mean():.4f} | R2 other days {r2(net, xv, yv):+.4f}", flush=True)
print(f"R2 = {r2(net, xv, yv):.4f}")
