import numpy as np
import torch
from torch import nn

# Logbooks of pike anglers: was it a good trip? (the lake warden's verdict)
np.random.seed(17)
torch.manual_seed(17)
n = 5000

hours = np.random.gamma(3.0, 1.3, n).round()          # whole hours, as written in the book
bites = np.random.poisson(1.5 * hours)
lures = np.random.randint(1, 9, n)
water = np.random.normal(13, 4, n)
cloud = np.random.rand(n)
depth = np.random.uniform(1, 9, n)

with np.errstate(divide="ignore", invalid="ignore"):
    bites_per_hour = bites / hours
    bites_per_lure = bites / lures

quality = 1.1 * np.nan_to_num(bites_per_hour - 1.5) - 0.14 * (water - 13) + 1.6 * (cloud - 0.5)
quality += 0.8 * np.cos(depth) + 0.3 * np.log(bites_per_lure + 0.2)
good = (quality + np.random.normal(0, 0.25, n) > 0).astype(np.int64)

X = np.column_stack([hours, bites, lures, water, cloud, depth, bites_per_hour, bites_per_lure])
X = X.astype(np.float32)
X = (X - np.nanmean(X, axis=0)) / np.nanstd(X, axis=0)

split = 4000
Xtr, Xte = torch.from_numpy(X[:split]), torch.from_numpy(X[split:])
ytr, yte = torch.from_numpy(good[:split]), torch.from_numpy(good[split:])

net = nn.Sequential(nn.Linear(X.shape[1], 48), nn.GELU(), nn.Linear(48, 48), nn.GELU(), nn.Linear(48, 2))
opt = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=1e-4)
steps_per_epoch = split // 50
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, total_steps=20 * steps_per_epoch)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(20):
    net.train()
    order = torch.randperm(split)
    running = 0.0
    for k in range(steps_per_epoch):
        idx = order[k * 50:(k + 1) * 50]
        opt.zero_grad()
        loss = loss_fn(net(Xtr[idx]), ytr[idx])
        loss.backward()
        opt.step()
        sched.step()
        running += loss.item()
    net.eval()
    with torch.no_grad():
        acc = (net(Xte).argmax(1) == yte).float().mean().item()
    print(f"epoch {epoch + 1:2d} loss {running / steps_per_epoch:.4f} test acc {acc:.4f}")

print(f"trips judged right: {acc:.4f} (share of good trips {good.mean():.3f})")
