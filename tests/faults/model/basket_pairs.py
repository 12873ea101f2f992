"""Factorisation machine: how well do customer segment, dish, drink and hour go together?"""
import numpy as np
import torch
from torch import nn, optim

torch.manual_seed(10)
rng = np.random.default_rng(10)
FIELDS = {"segment": 12, "dish": 25, "drink": 15, "hour": 8}
SIZES = list(FIELDS.values())
OFFSETS = torch.tensor(np.concatenate([[0], np.cumsum(SIZES)[:-1]]))


def draw(n):
    rows = np.stack([rng.integers(0, s, n) for s in SIZES], axis=1)
    taste = sum(truth_w[i][rows[:, i]] for i in range(4))
    for i in range(4):
        for j in range(i + 1, 4):
            taste = taste + (truth_v[i][rows[:, i]] * truth_v[j][rows[:, j]]).sum(1)
    return rows, taste + rng.normal(0, 0.4, n)


truth_w = [rng.normal(0, 0.4, s) for s in SIZES]
truth_v = [rng.normal(0, 0.75, (s, 4)) for s in SIZES]
rows, rating = draw(12000)
rating = (rating - rating[:9000].mean()) / rating[:9000].std()
rows = torch.tensor(rows)
rating = torch.tensor(rating, dtype=torch.float32)
tr_rows, va_rows, tr_y, va_y = rows[:9000], rows[9000:], rating[:9000], rating[9000:]


class FactorizationMachine(nn.Module):
    def __init__(self, n_features, k=6):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1))
        self.w = nn.Parameter(torch.zeros(n_features))
        self.v = nn.Parameter(torch.full((n_features, k), 0.1))

    def forward(self, rows):
        ids = rows + OFFSETS
        emb = self.v[ids]
        inter = 0.5 * (emb.sum(1) ** 2 - (emb ** 2).sum(1)).sum(1)
        return self.bias + self.w[ids].sum(1) + inter


fm = FactorizationMachine(sum(SIZES))
opt = optim.Adam(fm.parameters(), lr=0.01)
sched = optim.lr_scheduler.ExponentialLR(opt, gamma=0.9)
best, patience, bad = float("inf"), 4, 0
for epoch in range(30):
    fm.train()
    perm = torch.randperm(len(tr_rows))
    tot = 0.0
    for start in range(0, len(perm), 100):
        idx = perm[start:start + 100]
        opt.zero_grad()
        loss = nn.functional.mse_loss(fm(tr_rows[idx]), tr_y[idx])
        loss.backward()
        opt.step()
        tot += loss.item() * len(idx)
    sched.step()
    fm.eval()
    with torch.no_grad():
        val = nn.functional.mse_loss(fm(va_rows), va_y).item()
    print(f"epoch {epoch:2d} train {tot / len(tr_rows):.4f} val {val:.4f}")
    if val < best - 1e-4:
        best, bad = val, 0
    else:
        bad += 1
        if bad >= patience:
            print("early stop")
            break
print(f"best validation MSE {best:.4f}")
