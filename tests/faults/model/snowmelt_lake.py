"""
How full is the mountain lake at the end of a 60 day season?  Daily temperature and
precipitation in, one level out.  The recurrence is our own so that its weights can be
read as a bucket model afterwards.
"""
import numpy as np
import torch
import torch.nn as nn

DAYS = 60


def seasons(n, seed):
    r = np.random.default_rng(seed)
    t = np.arange(DAYS)
    warm = r.normal(0, 1, (n, 1)) + 1.0 * np.sin(2 * np.pi * (t / DAYS + r.uniform(-0.1, 0.1, (n, 1)))) + r.normal(0, 0.8, (n, DAYS))
    wet = np.maximum(r.normal(0, 1, (n, DAYS)), 0) * np.exp(r.normal(0, 0.4, (n, 1)))
    level = np.zeros(n)
    for d in range(DAYS):
        melt = np.maximum(warm[:, d], 0)
        level = 0.94 * level + 0.10 * melt + 0.12 * wet[:, d] - 0.03 * np.maximum(level - 1.2, 0)
    x = np.stack([warm, (wet - wet.mean()) / wet.std()], -1)
    y = level + r.normal(0, 0.03, n)
    return x.astype(np.float32), ((y - y.mean()) / y.std()).astype(np.float32)


class BucketCell(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.drive = nn.Linear(2, size)
        self.rec = nn.Linear(size, size, bias=False)
        nn.init.kaiming_uniform_(self.rec.weight, nonlinearity="relu")

    def forward(self, x):
        drive = self.drive(x)
        h = torch.zeros_like(drive[:, 0])
        for d in range(x.size(1)):
            h = h + torch.relu(self.rec(h) + drive[:, d])
        return h


class Lake(nn.Module):
    def __init__(self, size=32):
        super().__init__()
        self.cell = BucketCell(size)
        self.level = nn.Sequential(nn.Linear(size, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        return self.level(self.cell(x))[:, 0]


def fit(model, x, y, x_val, y_val, epochs=9, batch=100):
    opt = torch.optim.RMSprop(model.parameters(), lr=6e-3)
    sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.75)
    for epoch in range(epochs):
        perm = torch.randperm(len(x))
        track = []
        for s in range(0, len(x), batch):
            i = perm[s:s + batch]
            loss = ((model(x[i]) - y[i]) ** 2).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
            track.append(loss.item())
        sched.step()
        with torch.no_grad():
            mse = ((model(x_val) - y_val) ** 2).mean().item()
        print(f"epoch={epoch} train_mse={np.mean(track):.4g} val_mse={mse:.4g}")
    return 1 - mse / y_val.var().item()


torch.manual_seed(4)
xs, ys = seasons(2000, 4)
xs, ys = torch.from_numpy(xs), torch.from_numpy(ys)
lake = Lake()
nse = fit(lake, xs[:1600], ys[:1600], xs[1600:], ys[1600:])
print(f"Nash-Sutcliffe efficiency: {nse:.4g}")
