import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

torch.manual_seed(4)
rng = np.random.default_rng(4)
SR, LEN = 800, 160
KINDS = ["wail", "yelp", "hi-lo", "air horn", "phaser", "tone", "ramp", "silence"]


def synth(kind):
    t = np.arange(LEN) / SR
    f0 = rng.uniform(60, 110)
    ph = rng.uniform(0, 2 * np.pi)
    if kind == 0:
        f = f0 + 30 * np.sin(2 * np.pi * 5 * t + ph)
    elif kind == 1:
        f = f0 + 30 * np.sin(2 * np.pi * 14 * t + ph)
    elif kind == 2:
        f = f0 + 35 * np.sign(np.sin(2 * np.pi * 10 * t + ph))
    elif kind == 3:
        f = 0.5 * f0 + 0 * t
    elif kind == 4:
        f = f0 + 40 * ((t * 12 + ph) % 1)
    elif kind == 5:
        f = f0 + 0 * t
    elif kind == 6:
        f = f0 + 400 * t
    else:
        return rng.normal(0, 1, LEN)
    wave = np.sin(2 * np.pi * np.cumsum(f) / SR + ph)
    if kind == 3:
        wave = wave + 0.6 * np.sin(4 * np.pi * np.cumsum(f) / SR + ph)
    wave = wave + rng.normal(0, 0.3, LEN)
    return (wave - wave.mean()) / wave.std()


class Sirens(Dataset):
    def __init__(self, n):
        self.y = rng.integers(0, len(KINDS), n)
        self.x = np.stack([synth(k) for k in self.y]).astype("float32")

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return torch.from_numpy(self.x[i])[None], int(self.y[i])


class SirenNet(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, 16, 9, stride=2, padding=4), nn.BatchNorm1d(16), nn.ReLU(),
            nn.Conv1d(16, 32, 7, stride=2, padding=3), nn.BatchNorm1d(32), nn.ReLU(),
            nn.Conv1d(32, 32, 5, padding=2), nn.BatchNorm1d(32), nn.ReLU(),
            nn.AdaptiveAvgPool1d(4), nn.Flatten())
        self.fc = nn.Linear(128, n_classes)

    def forward(self, x):
        scores = self.fc(self.features(x))
        return scores


train_loader = DataLoader(Sirens(1600), batch_size=64, shuffle=True)
val_loader = DataLoader(Sirens(600), batch_size=200)
model = SirenNet(len(KINDS))
criterion = nn.NLLLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 26)

for epoch in range(1, 27):
    model.train()
    running = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(y)
    scheduler.step()
    model.eval()
    hits, vloss = 0, 0.0
    with torch.no_grad():
        for x, y in val_loader:
            out = model(x)
            vloss += criterion(out, y).item() * len(y)
            hits += (out.argmax(1) == y).sum().item()
    print(f"epoch {epoch:2d}  train {running / 1600:.4f}  val {vloss / 600:.4f}  acc {hits / 600:.3f}")
print(f"validation accuracy {hits / 600:.4f}")
