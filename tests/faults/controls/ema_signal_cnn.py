import copy

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(43)
rng = np.random.default_rng(43)


def signals(n):
    t = np.linspace(0, 1, 48)
    label = rng.integers(0, 4, n)
    f = rng.uniform(2, 5, (n, 1))
    ph = rng.uniform(0, 1, (n, 1))
    u = (f * t + ph) % 1.0
    shapes = np.stack([np.sin(2 * np.pi * u) * 1.4, np.sign(u - 0.5), (2 * u - 1) * 1.7, (np.abs(2 * u - 1) * 2 - 1) * 1.7])
    x = shapes[label, np.arange(n)] + rng.normal(0, 0.25, (n, 48))
    return TensorDataset(torch.tensor(x, dtype=torch.float32).unsqueeze(1), torch.tensor(label))


class EMA:
    def __init__(self, model, decay=0.98):
        self.decay = decay
        self.shadow = copy.deepcopy(model).eval()
        for p in self.shadow.parameters():
            p.requires_grad_(False)

    @torch.no_grad()
    def update(self, model):
        for s, p in zip(self.shadow.state_dict().values(), model.state_dict().values()):
            if s.dtype.is_floating_point:
                s.lerp_(p, 1 - self.decay)
            else:
                s.copy_(p)


def build():
    return nn.Sequential(nn.Conv1d(1, 16, 7, padding=3), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
                         nn.Conv1d(16, 32, 5, padding=2), nn.BatchNorm1d(32), nn.ReLU(), nn.AdaptiveAvgPool1d(1),
                         nn.Flatten(), nn.Linear(32, 4))


train_dl, val_dl = DataLoader(signals(3000), batch_size=50, shuffle=True), DataLoader(signals(600), batch_size=300)
model = build()
ema = EMA(model)
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
for epoch in range(12):
    model.train()
    for x, y in train_dl:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema.update(model)
    with torch.no_grad():
        hits = sum((ema.shadow(x).argmax(1) == y).sum().item() for x, y in val_dl)
    print(f"epoch {epoch} last batch loss {loss.item():.4f} ema val acc {hits / 600:.4f}")
