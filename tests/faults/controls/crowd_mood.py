"""Predict the distribution of moods that listeners report for a clip (soft targets, KL divergence, LSTM)."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader


class ClipDataset(Dataset):
    MOODS = 5

    def __init__(self, n, seed, listeners=40, frames=20, dims=6):
        rng = np.random.default_rng(seed)
        mix = np.random.default_rng(1234).normal(0, 1.0, (self.MOODS, 2 * dims))
        self.x = np.zeros((n, frames, dims), np.float32)
        self.p = np.zeros((n, self.MOODS), np.float32)
        for i in range(n):
            level, trend = rng.normal(0, 1, dims), rng.normal(0, 1, dims)
            ramp = np.linspace(-1.7, 1.7, frames)[:, None]
            self.x[i] = (level + trend * ramp + 0.4 * rng.standard_normal((frames, dims))) / 1.5
            z = 0.45 * mix @ np.concatenate([level, trend])
            q = np.exp(z - z.max())
            self.p[i] = rng.multinomial(listeners, q / q.sum()) / listeners

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.p[i]


class MoodLSTM(nn.Module):
    def __init__(self, dims=6, hidden=32, moods=5):
        super().__init__()
        self.lstm = nn.LSTM(dims, hidden, batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.proj = nn.Linear(hidden, moods)

    def forward(self, x):
        out, _ = self.lstm(x)
        return torch.log_softmax(self.proj(self.drop(out.mean(1))), dim=-1)


def loop(model, loader, kl, opt=None):
    model.train(opt is not None)
    total = 0.0
    for x, p in loader:
        with torch.set_grad_enabled(opt is not None):
            loss = kl(model(x), p)
        if opt:
            opt.zero_grad()
            loss.backward()
            opt.step()
        total += loss.item() * len(x)
    return total / len(loader.dataset)


torch.manual_seed(9)
train_loader = DataLoader(ClipDataset(2500, 0), batch_size=50, shuffle=True)
val_loader = DataLoader(ClipDataset(600, 1), batch_size=300)
model = MoodLSTM()
kl = nn.KLDivLoss(reduction="batchmean")
opt = torch.optim.RMSprop(model.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.MultiStepLR(opt, [10, 13], gamma=0.3)
for epoch in range(16):
    tr = loop(model, train_loader, kl, opt)
    va = loop(model, val_loader, kl)
    sched.step()
    print(f"epoch {epoch:2d} train KL {tr:.4f} val KL {va:.4f}")
print(f"final val KL {va:.4f}")
