import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class Traces(Dataset):
    """three-channel seismograms: quarry blast, earthquake, or train; amplitudes vary a lot"""

    def __init__(self, n, seed):
        r = np.random.default_rng(seed)
        t = np.linspace(0, 4, 80)
        self.kind = r.integers(0, 3, n)
        wave = r.normal(0, 0.25, (n, 3, 80))
        for i, k in enumerate(self.kind):
            onset = r.uniform(0.4, 1.2)
            late = np.clip(t - onset, 0, None)
            if k == 0:
                env = np.exp(-2.5 * late) * (late > 0)
                env_s = 0.3 * env
            elif k == 1:
                gap = np.clip(late - r.uniform(0.6, 1.0), 0, None)
                env = 0.5 * np.exp(-2.5 * late) * (late > 0)
                env_s = np.exp(-1.5 * gap) * (gap > 0)
            else:
                env = 0.5 * np.exp(-((late - 1.2) ** 2))
                env_s = env
            f = r.uniform(2.5, 4)
            for c, e in enumerate((env, env_s, env_s)):
                wave[i, c] += 1.3 * e * np.sin(2 * np.pi * f * t + r.uniform(0, 6.3))
            wave[i] *= np.exp(r.normal(0, 0.5))
        self.wave = torch.tensor(wave / wave.std(), dtype=torch.float32)
        self.kind = torch.tensor(self.kind)

    def __len__(self):
        return len(self.kind)

    def __getitem__(self, i):
        return self.wave[i], self.kind[i]


def block(i, o):
    return nn.Sequential(nn.Conv1d(i, o, 5, stride=2, padding=2, bias=False), nn.BatchNorm1d(o), nn.ReLU())


def build():
    return nn.Sequential(block(3, 12), block(12, 24), block(24, 24), nn.AdaptiveAvgPool1d(2), nn.Flatten(),
                         nn.Linear(48, 24, bias=False), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 3))


torch.manual_seed(23)
train_ds, val_ds = Traces(600, 0), Traces(600, 1)
train_dl = DataLoader(train_ds, batch_size=2, shuffle=True, drop_last=True)
val_dl = DataLoader(val_ds, batch_size=100)
model = build()
opt = torch.optim.Adam(model.parameters(), lr=5e-4, weight_decay=1e-4)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 6, eta_min=2e-5)
ce = nn.CrossEntropyLoss()

for epoch in range(6):
    model.train()
    seen, loss_sum = 0, 0.0
    for wave, kind in train_dl:
        opt.zero_grad()
        loss = ce(model(wave), kind)
        loss.backward()
        opt.step()
        loss_sum += loss.item() * len(kind)
        seen += len(kind)
    schedule.step()
    model.eval()
    with torch.no_grad():
        out = torch.cat([model(wave) for wave, _ in val_dl])
    val_loss = ce(out, val_ds.kind).item()
    acc = (out.argmax(1) == val_ds.kind).float().mean().item()
    print(f"epoch {epoch + 1} train loss {loss_sum / seen:.4f} val loss {val_loss:.4f} val acc {acc:.4f}")
print(f"final val accuracy {acc:.4f}")
