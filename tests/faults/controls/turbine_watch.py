"""Watching a turbine's vibration online: predict the next reading, raise a flag where the prediction misses.

The recorder delivers one reading after the other; there is one machine, one stream, and no second look at it.
The network learns as it goes, on 16 readings at a time, and carries its state along.
"""
import numpy as np
import torch
from torch import nn
from sklearn.metrics import roc_auc_score

CHUNK = 16


def stream(n, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    speed = 0.35 + 0.04 * np.sin(2 * np.pi * t / 2500)
    phase = np.cumsum(speed)
    x = np.sin(phase) + 0.5 * np.sin(2 * phase + 0.6) + 0.25 * np.sin(3 * phase)
    x += rng.normal(0, 0.12, n)
    odd = np.zeros(n, dtype=int)
    for s in rng.choice(np.arange(400, n - 20, 30), n // 160, replace=False):
        kind, k = rng.integers(3), int(rng.integers(2, 6))
        if kind == 0:
            x[s:s + k] += rng.choice([-1, 1]) * rng.uniform(1.0, 2.5)
        elif kind == 1:
            x[s:s + k] = x[s - 1]
        else:
            x[s:s + k] *= -1.2
        odd[s:s + k] = 1
    return torch.tensor(x, dtype=torch.float32), odd


class Watcher(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.cell = nn.GRUCell(1, width)
        self.mean = nn.Linear(width, 1)

    def forward(self, chunk, h):
        said = []
        for reading in chunk:
            said.append(self.mean(h).view(()))
            h = self.cell(reading.view(1, 1), h)
        return torch.stack(said), h


def main():
    torch.manual_seed(4)
    readings, odd = stream(14000, 4)
    net, h = Watcher(), torch.zeros(1, 32)
    opt = torch.optim.Adam(net.parameters(), lr=3e-3)
    surprise = np.zeros(len(readings))
    for s in range(0, len(readings) - CHUNK + 1, CHUNK):
        chunk = readings[s:s + CHUNK]
        said, h = net(chunk, h.detach())
        miss = said - chunk
        surprise[s:s + CHUNK] = miss.detach().abs().numpy()
        loss = nn.functional.smooth_l1_loss(said, chunk, beta=0.3)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        if (s // CHUNK) % 125 == 124:
            lo = s + CHUNK - 2000
            a = roc_auc_score(odd[lo:s + CHUNK], surprise[lo:s + CHUNK])
            print(f"t={s + CHUNK:6d} median miss {np.median(surprise[lo:s + CHUNK]):.3f} "
                  f"share odd {odd[lo:s + CHUNK].mean():.3f} auc {a:.3f}", flush=True)
    last = slice(len(readings) // 2, len(readings) // CHUNK * CHUNK)
    print(f"second half of the stream: auc {roc_auc_score(odd[last], surprise[last]):.4f}")


main()
