"""Compress one-second seismometer windows with a small convolutional autoencoder.

The volunteers' stations have a slow uplink: 64 samples go in, 8 numbers are sent.
"""
import numpy as np
import torch
from torch import nn

SAMPLES, CODE = 64, 8


def station_windows(n, rs):
    t = np.arange(SAMPLES) / SAMPLES
    f1 = rs.uniform(1, 3, (n, 1))
    f2 = rs.uniform(3.5, 5, (n, 1))
    a = rs.uniform(0.3, 1.0, (n, 2))
    ph = rs.uniform(0, 2 * np.pi, (n, 2))
    w = a[:, :1] * np.sin(2 * np.pi * f1 * t + ph[:, :1]) + a[:, 1:] * np.sin(2 * np.pi * f2 * t + ph[:, 1:])
    gain = np.exp(rs.normal(0, 1.2, (n, 1)))            # stations differ a lot in gain
    w = gain * (w + 0.05 * rs.randn(n, SAMPLES))
    off = rs.rand(n) < 0.004                            # station switched off for maintenance
    w[off] = 0.0
    return w.astype(np.float32)


def standardise(w):
    centre = w.mean(axis=1, keepdims=True)
    spread = w.std(axis=1, keepdims=True)
    return (w - centre) / spread


class Codec(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(
            nn.Conv1d(1, 16, 7, stride=2, padding=3), nn.ELU(),
            nn.Conv1d(16, 32, 5, stride=2, padding=2), nn.ELU(),
            nn.Flatten(), nn.Linear(32 * 16, 96), nn.ELU(), nn.Linear(96, CODE))
        self.dec = nn.Sequential(nn.Linear(CODE, 160), nn.ELU(), nn.Linear(160, 160), nn.ELU(), nn.Linear(160, SAMPLES))

    def forward(self, x):
        return self.dec(self.enc(x.unsqueeze(1)))


def batches(x, size, rs):
    order = rs.permutation(len(x))
    for s in range(0, len(order) - size + 1, size):
        yield x[order[s:s + size]]


np.seterr(all="ignore")
rs = np.random.RandomState(99)
torch.manual_seed(99)
data = torch.from_numpy(standardise(station_windows(5000, rs)))
train, val = data[:4200], data[4200:]

model = Codec()
opt = torch.optim.RAdam(model.parameters(), lr=3e-3)
EPOCHS = 14
sched = torch.optim.lr_scheduler.PolynomialLR(opt, total_iters=EPOCHS, power=1.0)
for ep in range(1, EPOCHS + 1):
    model.train()
    tot, cnt = 0.0, 0
    for xb in batches(train, 64, rs):
        rec = model(xb)
        loss = ((rec - xb) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item()
        cnt += 1
    sched.step()
    model.eval()
    with torch.no_grad():
        explained = 1 - ((model(val) - val) ** 2).mean() / val.var()
    if ep % 2 == 0 or ep == EPOCHS:
        print("ep=%d mse=%.4f explained=%.4f lr=%.1e" % (ep, tot / cnt, explained, opt.param_groups[0]["lr"]))
print("explained variance of unseen windows: %.4f" % explained)
