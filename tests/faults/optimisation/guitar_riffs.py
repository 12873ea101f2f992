# Riff recognition by embedding: a phone recording is matched against a gallery of studio takes (24 riffs).
# Proxy-based metric learning; the proxies get their own optimiser because they like a larger rate.
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

SEED, RIFFS, LENGTH = 9, 24, 64
np.random.seed(SEED)
torch.manual_seed(SEED)

_score = np.random.RandomState(1)
NOTES = _score.randint(2, 14, (RIFFS, 4))
ACCENT = _score.uniform(0.4, 1.0, (RIFFS, 4))


def take(riff):
    t = np.arange(LENGTH)
    onset = np.linspace(0, 48, 4) + np.random.randint(-2, 3)
    tune = np.random.uniform(0.98, 1.02)
    wave = np.zeros(LENGTH)
    for k in range(4):
        d = t - onset[k]
        on = (d >= 0) * np.exp(-np.clip(d, 0, None) / 12)
        wave += ACCENT[riff, k] * on * np.sin(2 * np.pi * NOTES[riff, k] * tune * d / 32 + np.random.uniform(-0.3, 0.3))
    return wave + np.random.normal(0, 0.25, LENGTH)


def record(per_riff):
    y = np.repeat(np.arange(RIFFS), per_riff)
    x = np.stack([take(r) for r in y])
    return torch.tensor(x, dtype=torch.float32)[:, None] / 0.6, torch.tensor(y)


class Ear(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 24, 9, stride=2, padding=4)
        self.conv2 = nn.Conv1d(24, 48, 5, stride=2, padding=2)
        self.fc1 = nn.Linear(48 * 16, 96)
        self.fc2 = nn.Linear(96, dim)

    def forward(self, x):
        h = F.relu(self.conv1(x))
        h = F.relu(self.conv2(h)).flatten(1)
        return F.normalize(self.fc2(F.relu(self.fc1(h))), dim=1)


def recall_at_1(ear, gallery, gy, query, qy):
    ear.eval()
    with torch.no_grad():
        sim = ear(query) @ ear(gallery).T
    return (gy[sim.argmax(1)] == qy).float().mean().item()


train_x, train_y = record(150)
gallery_x, gallery_y = record(5)
query_x, query_y = record(20)

ear = Ear()
proxies = nn.Parameter(torch.randn(RIFFS, 32))
opt_ear = torch.optim.SGD(ear.parameters(), lr=0.1)
opt_proxy = torch.optim.Adam([proxies], lr=0.01)
TEMPERATURE, BATCH, EPOCHS = 0.1, 60, 9
half = torch.optim.lr_scheduler.MultiStepLR(opt_ear, [7], gamma=0.2)

for epoch in range(EPOCHS):
    ear.train()
    perm = torch.randperm(len(train_y))
    tot = 0.0
    for b in range(len(perm) // BATCH):
        sel = perm[b * BATCH:(b + 1) * BATCH]
        z = ear(train_x[sel])
        logits = z @ F.normalize(proxies, dim=1).T / TEMPERATURE
        loss = F.cross_entropy(logits, train_y[sel])
        opt_proxy.zero_grad()
        loss.backward()
        opt_ear.step()
        opt_proxy.step()
        tot += loss.item()
    half.step()
    r1 = recall_at_1(ear, gallery_x, gallery_y, query_x, query_y)
    print(f"{epoch:02d}  proxy loss {tot / (b + 1):6.3f}   R@1 {100 * r1:5.1f} %")
print(f"Recall@1 of phone recordings: {r1:.4f}")
