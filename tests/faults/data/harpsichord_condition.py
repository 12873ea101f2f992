# Cumulative-link (ordinal) network: condition grade 0..3 of old instruments from inspection measurements.
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

SEED = 8
np.random.seed(SEED)
torch.manual_seed(SEED)
K = 4


def inspections(n=900, d=8):
    x = np.random.randn(n, d)
    z = x[:, 0] + 0.8 * np.tanh(2 * x[:, 1]) - 0.6 * x[:, 2] + 0.9 * np.random.randn(n)
    y = np.digitize(z, np.quantile(z, [0.25, 0.5, 0.75]))
    return x.astype("float32"), y.astype("int64")


def enlarge(x, y, times=3):
    return np.repeat(x, times, axis=0), np.repeat(y, times, axis=0)


def split(x, y, frac=0.25):
    order = np.random.permutation(len(x))
    cut = int(len(x) * frac)
    return (x[order[cut:]], y[order[cut:]]), (x[order[:cut]], y[order[:cut]])


class Grades(Dataset):
    def __init__(self, x, y):
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class CumulativeLink(nn.Module):
    def __init__(self, d, width=128):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(d, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))
        self.first = nn.Parameter(torch.tensor(-1.0))
        self.gaps = nn.Parameter(torch.zeros(K - 2))

    def forward(self, x):
        cuts = torch.cat([self.first.view(1), self.first + torch.cumsum(nn.functional.softplus(self.gaps), 0)])
        return self.f(x) - cuts


def run_epoch(model, loader, opt=None):
    total, err, n = 0.0, 0.0, 0
    model.train(opt is not None)
    with torch.set_grad_enabled(opt is not None):
        for x, y in loader:
            logit = model(x)
            target = (y[:, None] > torch.arange(K - 1)).float()
            loss = nn.functional.binary_cross_entropy_with_logits(logit, target, reduction="none").sum(1).mean()
            if opt is not None:
                opt.zero_grad()
                loss.backward()
                opt.step()
            total += loss.item() * len(x)
            err += ((logit > 0).sum(1) - y).abs().sum().item()
            n += len(x)
    return total / n, err / n


x, y = inspections()
x, y = enlarge(x, y)
(train_x, train_y), (val_x, val_y) = split(x, y)
train_dl = DataLoader(Grades(train_x, train_y), batch_size=96, shuffle=True)
val_dl = DataLoader(Grades(val_x, val_y), batch_size=256)
model = CumulativeLink(x.shape[1])
opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-3)
best, best_mae, wait = float("inf"), None, 0
for epoch in range(1, 31):
    tr_loss, tr_mae = run_epoch(model, train_dl, opt)
    va_loss, va_mae = run_epoch(model, val_dl)
    print(f"{epoch:02d} train loss {tr_loss:.4f} mae {tr_mae:.3f} | val loss {va_loss:.4f} mae {va_mae:.3f}")
    if va_loss < best:
        best, best_mae, wait = va_loss, va_mae, 0
    else:
        wait += 1
        if wait == 5:
            break
print(f"best validation: loss {best:.4f}, grade MAE {best_mae:.4f}")
