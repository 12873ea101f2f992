"""Activity log for a rehabilitation ward.

Patients wear three accelerometers (wrist, waist, ankle).  Every two seconds we
want to know what they are doing so the physiotherapist gets a daily summary.
Each sensor has its own encoder, a small gate decides how much to trust each.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)
SITES = ["wrist", "waist", "ankle"]
ACTIVITIES = ["sit", "walk", "stairs", "cycle", "stir", "transfer"]
#             freq / strength per activity for wrist, waist, ankle
FREQ = torch.tensor([[.4, .4, .4], [1.8, 1.8, 1.8], [1.3, 1.5, 1.5],
                     [.6, 1.0, 2.4], [2.2, .5, .4], [.9, .8, .7]])
POWER = torch.tensor([[.2, .2, .2], [.7, .6, 1.4], [.5, .9, 1.2],
                      [.3, .4, 1.5], [1.5, .3, .2], [.9, 1.2, .8]])
T = 40


def record(n, seed):
    g = torch.Generator().manual_seed(seed)
    act = torch.randint(0, len(ACTIVITIES), (n,), generator=g)
    t = torch.linspace(0, 2, T)
    recs = {}
    for k, site in enumerate(SITES):
        f = FREQ[act, k] * (1 + .15 * torch.randn(n, generator=g))
        p = POWER[act, k] * (.25 * torch.randn(n, generator=g)).exp()
        axes = []
        for _ in range(3):
            phase = 6.28 * torch.rand(n, 1, generator=g)
            share = .6 + .5 * torch.rand(n, 1, generator=g)
            wave = torch.sin(6.28 * f[:, None] * t + phase)
            axes.append(share * p[:, None] * wave + .35 * torch.randn(n, T, generator=g))
        recs[site] = torch.stack(axes, 1)
    return recs, act


class SensorEncoder(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.conv1 = nn.Conv1d(3, width, 7, padding=3)
        self.conv2 = nn.Conv1d(width, width, 5, padding=2, stride=2)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x):
        h = F.relu(self.conv1(x))
        h = F.relu(self.norm(self.conv2(h)))
        return torch.cat([h.mean(-1), h.amax(-1)], 1)


class GatedFusion(nn.Module):
    def __init__(self, width=32, classes=6):
        super().__init__()
        self.encoders = nn.ModuleList(SensorEncoder(width) for _ in SITES)
        self.gate = nn.Linear(2 * width * len(SITES), len(SITES))
        self.head = nn.Linear(2 * width * len(SITES), classes)

    def forward(self, views):                       # (batch, site, axis, time)
        codes = [enc(views[:, i]) for i, enc in enumerate(self.encoders)]
        trust = torch.sigmoid(self.gate(torch.cat(codes, 1)))
        return self.head(torch.cat([c * trust[:, i:i + 1] for i, c in enumerate(codes)], 1))


class Scaler:
    def __init__(self, recs):
        self.std = {s: recs[s].std() for s in recs}

    def __call__(self, recs):
        return {s: recs[s] / self.std[s] for s in recs}


def evaluate(model, recs, act):
    views = torch.stack([recs[s] for s in sorted(recs)], dim=1)
    model.eval()
    with torch.no_grad():
        guess = model(views).argmax(1)
    per_class = [(guess[act == c] == c).float().mean().item() for c in range(len(ACTIVITIES))]
    return (guess == act).float().mean().item(), per_class


train_raw, train_act = record(3000, seed=1)
test_raw, test_act = record(1000, seed=2)
scale = Scaler(train_raw)
train_recs, test_recs = scale(train_raw), scale(test_raw)

stacked = torch.stack([train_recs[s] for s in SITES], dim=1)
loader = DataLoader(TensorDataset(stacked, train_act), batch_size=64, shuffle=True)

model = GatedFusion()
optim = torch.optim.AdamW(model.parameters(), lr=1.5e-3, weight_decay=1e-3)
EPOCHS = 8
sched = torch.optim.lr_scheduler.OneCycleLR(optim, 4e-3, total_steps=EPOCHS * len(loader))
for epoch in range(EPOCHS):
    model.train()
    total = 0.0
    for views, act in loader:
        loss = F.cross_entropy(model(views), act)
        optim.zero_grad(set_to_none=True)
        loss.backward()
        optim.step()
        sched.step()
        total += loss.item() * len(act)
    acc, _ = evaluate(model, test_recs, test_act)
    print(f"[{epoch + 1:02d}/{EPOCHS}] train loss {total / len(train_act):.3f} | held-out acc {acc:.3f}")

acc, per_class = evaluate(model, test_recs, test_act)
for name, value in zip(ACTIVITIES, per_class):
    print(f"  {name:9s} {value:.2f}")
print(f"final held-out acc {acc:.4f}")
