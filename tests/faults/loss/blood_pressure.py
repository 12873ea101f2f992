"""Estimate systolic pressure from a short photoplethysmogram."""
import math
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader

torch.manual_seed(3)


class PulseDataset(Dataset):
    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        t = np.linspace(0, 4, 100)
        self.waves, self.sbp = [], []
        for _ in range(n):
            stiff = rng.uniform(0.2, 1.0)
            rate = rng.uniform(0.8, 1.6)
            phase = rng.uniform(0, 2 * math.pi)
            w = np.sin(2 * math.pi * rate * t + phase)
            w = w + stiff * 0.8 * np.sin(4 * math.pi * rate * t + 2 * phase + 1.0)
            w = w + 0.1 * rng.standard_normal(100)
            self.waves.append(w)
            self.sbp.append(90 + 55 * stiff + 12 * rate + rng.normal(0, 2.5))
        self.waves = torch.tensor(np.array(self.waves), dtype=torch.float32)
        self.sbp = (torch.tensor(self.sbp, dtype=torch.float32) - 142.0) / 13.0

    def __len__(self):
        return len(self.sbp)

    def __getitem__(self, i):
        return self.waves[i].unsqueeze(0), self.sbp[i]


class LogCosh(nn.Module):
    def forward(self, pred, target):
        e = pred - target
        return (e + nn.functional.softplus(-2.0 * e) - math.log(2.0)).mean()


class PulseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, 16, 9, padding=4), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(16, 24, 7, padding=3), nn.ReLU(), nn.MaxPool1d(2),
            nn.AdaptiveAvgPool1d(5))
        self.regressor = nn.Sequential(nn.Flatten(), nn.Linear(120, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        out = self.regressor(self.features(x))
        return out


def evaluate(model, loader):
    model.eval()
    errs = []
    with torch.no_grad():
        for wave, sbp in loader:
            errs.append((model(wave).flatten() - sbp).abs() * 13.0)
    return torch.cat(errs).mean().item()


train_loader = DataLoader(PulseDataset(1500, 0), batch_size=64, shuffle=True)
val_loader = DataLoader(PulseDataset(500, 1), batch_size=250)
net = PulseNet()
criterion = LogCosh()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=20)
for epoch in range(20):
    net.train()
    total = 0.0
    for wave, sbp in train_loader:
        opt.zero_grad()
        pred = net(wave)
        loss = criterion(pred, sbp)
        loss.backward()
        opt.step()
        total += loss.item()
    sched.step()
    print(f"[{epoch + 1:02d}] train log-cosh {total / len(train_loader):.4f}  val MAE {evaluate(net, val_loader):.2f} mmHg")
print(f"validation MAE: {evaluate(net, val_loader):.3f} mmHg")
