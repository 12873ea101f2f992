"""1-D CNN that tells apart five kinds of noisy waveforms."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split

rng = np.random.default_rng(21)
torch.manual_seed(21)
LENGTH = 64


def waveform(kind):
    t = np.linspace(0, 1, LENGTH)
    f, p = rng.uniform(2, 5), rng.uniform(0, 1)
    phase = (f * t + p) % 1.0
    if kind == 0:
        w = np.sin(2 * np.pi * phase)
    elif kind == 1:
        w = np.sign(phase - 0.5)
    elif kind == 2:
        w = 2 * phase - 1
    elif kind == 3:
        w = 4 * np.abs(phase - 0.5) - 1
    else:
        w = 3 * np.exp(-60 * (phase - 0.5) ** 2) - 0.7
    return w + rng.normal(0, 0.35, LENGTH)


labels = np.tile(np.arange(5), 500)
signals = np.stack([waveform(k) for k in labels])
signals = (signals - signals.mean()) / signals.std()
full = TensorDataset(torch.tensor(signals, dtype=torch.float32).unsqueeze(1), torch.tensor(labels))
train_ds, test_ds = random_split(full, [2000, 500], generator=torch.Generator().manual_seed(0))


class WaveNetLite(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv1d(1, 16, 7, padding=3)
        self.c2 = nn.Conv1d(16, 32, 5, padding=2)
        self.fc = nn.Linear(32, 5)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.c1(x)), 2)
        x = F.relu(self.c2(x)).mean(-1)
        return F.softmax(self.fc(x), dim=1)


model = WaveNetLite()
optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.2)
for epoch in range(1, 21):
    model.train()
    total = 0.0
    for x, y in DataLoader(train_ds, batch_size=50, shuffle=True):
        optimizer.zero_grad()
        loss = F.nll_loss(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    scheduler.step()
    model.eval()
    hits, test_loss = 0, 0.0
    with torch.no_grad():
        for x, y in DataLoader(test_ds, batch_size=250):
            out = model(x)
            test_loss += F.nll_loss(out, y, reduction="sum").item()
            hits += (out.argmax(1) == y).sum().item()
    print(f"Epoch {epoch}: train {total / len(train_ds):.4f}, test {test_loss / len(test_ds):.4f}, "
          f"accuracy {hits / len(test_ds):.3f}")
