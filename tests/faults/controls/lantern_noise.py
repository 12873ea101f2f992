import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(37)


class TwoExposures(Dataset):
    """Two noisy exposures of the same scene; there is no clean picture to learn from."""

    def __init__(self, n, seed, noise=0.8):
        rng = np.random.default_rng(seed)
        yy, xx = np.mgrid[:12, :12]
        cx, cy, r = (rng.uniform(lo, hi, (n, 2, 1, 1)) for lo, hi in ((2, 10), (2, 10), (1.2, 2.5)))
        clean = np.exp(-((xx - cx) ** 2 + (yy - cy) ** 2) / (2 * r ** 2)).sum(1)
        clean = (clean - 0.22) / 0.33
        self.clean = torch.tensor(clean[:, None], dtype=torch.float32)
        self.a = self.clean + noise * torch.tensor(rng.normal(size=self.clean.shape), dtype=torch.float32)
        self.b = self.clean + noise * torch.tensor(rng.normal(size=self.clean.shape), dtype=torch.float32)

    def __len__(self):
        return len(self.a)

    def __getitem__(self, i):
        return self.a[i], self.b[i], self.clean[i]


net = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.LeakyReLU(0.1),
    nn.Conv2d(16, 16, 3, padding=2, dilation=2), nn.LeakyReLU(0.1),
    nn.Conv2d(16, 16, 3, padding=1), nn.LeakyReLU(0.1),
    nn.Conv2d(16, 1, 3, padding=1),
)
train = DataLoader(TwoExposures(1500, 1), batch_size=50, shuffle=True)
test = DataLoader(TwoExposures(300, 2), batch_size=300)
opt = torch.optim.Adam(net.parameters(), lr=4e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 8)
for epoch in range(8):
    net.train()
    total = 0.0
    for a, b, _ in train:
        loss = nn.functional.mse_loss(net(a), b)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(a)
    sched.step()
    net.eval()
    with torch.no_grad():
        a, b, clean = next(iter(test))
        out = net(a)
        err = nn.functional.mse_loss(out, clean).item()
        val = nn.functional.mse_loss(out, b).item()
    print(f"epoch {epoch + 1}: noisy-target loss {total / 1500:.4f}  val {val:.4f}  error to clean {err:.4f}")
print(f"error to clean pictures {err:.4f}")
