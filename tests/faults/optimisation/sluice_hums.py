"""Pump hum order: a conv front end, an LSTM and a head, kept as three modules so that the front end can be exported alone."""
from itertools import chain

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(55)
rng = np.random.default_rng(55)
KINDS = 6


def hum_pair(kind):
    """Two bursts; the class is which of three pitches comes first and which follows."""
    pairs = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    t = np.arange(30)
    out = rng.normal(0, 0.75, 60)
    for part, pitch in enumerate(pairs[kind]):
        start = part * 30 + rng.integers(-3, 4)
        wave = np.sin(2 * np.pi * (0.08 + 0.09 * pitch) * t + rng.uniform(0, 6.28)) * np.hanning(30) * 1.7
        lo, hi = max(start, 0), min(start + 30, 60)
        out[lo:hi] += wave[lo - start:hi - start]
    return out


labels = rng.integers(0, KINDS, 2200)
signals = np.stack([hum_pair(k) for k in labels])
signals = torch.tensor(signals / signals.std(), dtype=torch.float32).unsqueeze(1)
labels = torch.tensor(labels)
train_dl = DataLoader(TensorDataset(signals[:1700], labels[:1700]), batch_size=50, shuffle=True)
test_x, test_y = signals[1700:], labels[1700:]

frontend = nn.Sequential(nn.Conv1d(1, 16, 9, stride=2, padding=4), nn.ReLU(), nn.Conv1d(16, 24, 5, stride=2, padding=2),
                         nn.ReLU())
recurrent = nn.LSTM(24, 32, batch_first=True)
head = nn.Linear(32, KINDS)
everything = nn.ModuleDict({"frontend": frontend, "recurrent": recurrent, "head": head})


def forward(x):
    features = frontend(x).transpose(1, 2)
    out, _ = recurrent(features)
    return head(out[:, -1])


optimizer = torch.optim.Adam(chain(recurrent.parameters(), head.parameters()), lr=2.5e-3, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[8, 11], gamma=0.2)
criterion = nn.CrossEntropyLoss()
print("parameters:", sum(p.numel() for p in everything.parameters()))

for epoch in range(12):
    everything.train()
    total = 0.0
    for xb, yb in train_dl:
        optimizer.zero_grad()
        loss = criterion(forward(xb), yb)
        loss.backward()
        nn.utils.clip_grad_norm_(everything.parameters(), 5.0)
        optimizer.step()
        total += loss.item() * len(yb)
    scheduler.step()
    everything.eval()
    with torch.no_grad():
        logits = forward(test_x)
    acc = (logits.argmax(1) == test_y).float().mean().item()
    print(f"epoch {epoch:2d}: train {total / 1700:.4f} test {criterion(logits, test_y).item():.4f} acc {acc:.4f}")

print("Test accuracy: %.4f" % acc)
