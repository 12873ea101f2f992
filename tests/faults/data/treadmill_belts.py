# which programme is the treadmill running? windows of belt current
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

RATE, SPAN, HOP = 20, 40, 20
NAMES = ["idle", "walk", "jog", "sprint"]
GUARD = 3

def session(rng, blocks):
    signal, state = [], []
    kind = int(rng.integers(4))
    for _ in range(blocks):
        seconds = int(rng.integers(5, 12))
        n = seconds * RATE
        t = np.arange(n) / RATE
        pace = [0.4, 1.3, 2.0, 2.6][kind] * rng.normal(1, 0.07)
        amp = [0.35, 0.6, 0.8, 0.9][kind] * rng.normal(1, 0.15)
        wave = amp * np.sin(2 * np.pi * pace * t + rng.uniform(0, 6)) + 0.25 * amp * np.sin(4 * np.pi * pace * t)
        signal.append(wave + rng.normal(0, 0.5, n))
        state.append(np.full(n, kind))
        kind = (kind + 1) % 4
    return np.concatenate(signal), np.concatenate(state)

def cut(signal, state, guard=0):
    starts = np.arange(guard * HOP, len(signal) - SPAN - guard * HOP, HOP)
    x = np.stack([signal[s:s + SPAN] for s in starts])
    y = np.array([state[s + SPAN // 2 - guard * HOP] for s in starts])
    return torch.tensor(x, dtype=torch.float32)[:, None], torch.tensor(y)

rng = np.random.default_rng(19)
torch.manual_seed(19)
train = [cut(*session(rng, 30), guard=GUARD) for _ in range(24)]
x = torch.cat([a for a, _ in train])
y = torch.cat([b for _, b in train])
test = [cut(*session(rng, 30)) for _ in range(8)]
xt, yt = torch.cat([a for a, _ in test]), torch.cat([b for _, b in test])
print(len(x), "training windows", len(xt), "test windows")

class BeltNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv1d(1, 16, 9, padding=4)
        self.b = nn.Conv1d(16, 24, 7, padding=3)
        self.bn = nn.BatchNorm1d(24)
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(48, 4)
    def forward(self, x):
        h = F.max_pool1d(F.relu(self.a(x)), 2)
        h = F.relu(self.bn(self.b(h)))
        return self.out(self.drop(torch.cat([h.amax(2), h.mean(2)], 1)))

net = BeltNet()
opt = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=1e-2)
epochs = 14
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 6e-3, total_steps=epochs * (len(x) // 64 + 1))
for e in range(epochs):
    net.train()
    tot, hits = 0.0, 0
    for idx in torch.randperm(len(x)).split(64):
        out = net(x[idx])
        loss = F.cross_entropy(out, y[idx])
        opt.zero_grad(); loss.backward(); opt.step(); sched.step()
        tot += loss.item() * len(idx)
        hits += (out.argmax(1) == y[idx]).sum().item()
    net.eval()
    with torch.no_grad():
        acc = (net(xt).argmax(1) == yt).float().mean().item()
    print(f"epoch {e:2d}: loss {tot / len(x):.3f} train acc {hits / len(x):.3f} test acc {acc:.3f}")
