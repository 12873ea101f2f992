"""Distance to the next branch for a picking arm, from a pair of narrow stereo strips.

Left and right strip (6 x 28 pixels) go through a correlation layer; the rest of the network
reads off the distance (log metres) of whatever stands in the middle.
"""
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader

FOCAL_X_BASE = 2.4      # pixel * metres
MAX_SHIFT = 8


def strips(n, rng, width=28, rows=6):
    disp = np.round(rng.gamma(4.0, 0.85, n), 1).clip(0, MAX_SHIFT - 0.5)
    disp[rng.random(n) < 0.002] = 0.0           # open sky: both strips identical
    tex = rng.normal(size=(n, rows, width + 2 * MAX_SHIFT))
    tex = 0.6 * tex + 0.4 * np.roll(tex, 1, 2)
    cols = np.arange(width)
    left = tex[:, :, MAX_SHIFT:MAX_SHIFT + width]
    pos = MAX_SHIFT + cols[None] + disp[:, None]
    lo = np.floor(pos).astype(int)
    f = (pos - lo)[:, None, :]
    rows_i = np.arange(n)[:, None, None], np.arange(rows)[None, :, None]
    right = (1 - f) * tex[rows_i[0], rows_i[1], lo[:, None, :]] + f * tex[rows_i[0], rows_i[1], lo[:, None, :] + 1]
    pair = np.stack([left, right], 1) + 0.15 * rng.normal(size=(n, 2, rows, width))
    return pair.astype(np.float32), disp


class Branches(Dataset):
    def __init__(self, n, seed):
        pair, disp = strips(n, np.random.default_rng(seed))
        keep = np.isfinite(disp) & (disp >= 0)
        with np.errstate(divide="ignore"):
            metres = FOCAL_X_BASE / disp[keep]
        self.pair = torch.from_numpy(pair[keep])
        self.y = torch.from_numpy(np.log(metres)).float()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.pair[i], self.y[i]


class Correlate(nn.Module):
    """mean product of left and shifted right features, one value per shift"""

    def forward(self, a, b):
        out = []
        for s in range(MAX_SHIFT + 1):
            out.append((a[..., s:] * b[..., :b.shape[-1] - s]).mean((1, 2, 3)))
        return torch.stack(out, 1)


class StereoNet(nn.Module):
    def __init__(self, ch=12):
        super().__init__()
        self.feat = nn.Sequential(nn.Conv2d(1, ch, (3, 5), padding=(1, 2)), nn.ELU(),
                                  nn.Conv2d(ch, ch, (1, 3), padding=(0, 1)))
        self.corr = Correlate()
        self.read = nn.Sequential(nn.BatchNorm1d(MAX_SHIFT + 1), nn.Linear(MAX_SHIFT + 1, 64), nn.ELU(),
                                  nn.Linear(64, 32), nn.ELU(), nn.Linear(32, 1))

    def forward(self, pair):
        a, b = self.feat(pair[:, :1]), self.feat(pair[:, 1:])
        return self.read(self.corr(a, b)).squeeze(-1)


def fit(net, loader, epochs, lr):
    opt = torch.optim.Adam(net.parameters(), lr)
    plan = torch.optim.lr_scheduler.OneCycleLR(opt, lr, epochs * len(loader))
    for e in range(epochs):
        hist = []
        for k, (pair, y) in enumerate(loader):
            loss = nn.functional.mse_loss(net(pair), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            plan.step()
            hist.append(loss.item())
            if k % 16 == 0:
                print(f"  epoch {e} batch {k:3d} mse {loss.item():.4f}")
        yield e, float(np.mean(hist))


torch.manual_seed(6)
train, test = Branches(2400, 1), Branches(500, 2)
loader = DataLoader(train, batch_size=50, shuffle=True, drop_last=True)
net = StereoNet()
ok = torch.isfinite(test.y)
for e, loss in fit(net, loader, epochs=6, lr=5e-3):
    net.eval()
    with torch.no_grad():
        gap = net(test.pair[ok]) - test.y[ok]
    net.train()
    r2 = 1 - gap.pow(2).mean() / test.y[ok].var()
    print(f"== epoch {e}: train mse {loss:.4f}, typical error {100 * gap.abs().median():.1f}% , R2 {r2:.4f}")
print(f"test R2 {r2:.4f}")
