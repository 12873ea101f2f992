"""Locate the mast top and the boom end of a model yacht in small grey pictures (for the
club's race replay).  Output: two (x, y) points in units of half the picture.
"""
import types
import torch
import torch.nn as nn
import torch.optim as optim

cfg = types.SimpleNamespace(side=20, n_train=1600, n_test=300, batch=32, epochs=9, lr=5e-4, max_norm=0.5)


def yachts(n, g):
    s = cfg.side
    grid = torch.arange(s, dtype=torch.float32)
    yy, xx = torch.meshgrid(grid, grid, indexing="ij")
    top = 3 + torch.rand(n, 2, generator=g) * torch.tensor([14.0, 5.0])
    boom = torch.stack([3 + 14 * torch.rand(n, generator=g), 11 + 6 * torch.rand(n, generator=g)], 1)
    pics = 0.12 * torch.randn(n, s, s, generator=g)
    for (cx, cy), width, bright in ((top.T, 1.4, 1.0), (boom.T, 1.9, -1.0)):
        d2 = (xx - cx[:, None, None]) ** 2 + (yy - cy[:, None, None]) ** 2
        pics = pics + bright * torch.exp(-d2 / (2 * width ** 2))
    pics = (pics - pics.mean()) / pics.std()
    points = torch.cat([top, boom], 1)
    points = (points - points.mean(0)) / (s / 4)
    return pics.unsqueeze(1), points


class Locator(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 5, stride=2, padding=2), nn.ReLU(),
            nn.Conv2d(12, 16, 3, stride=2, padding=1), nn.ReLU())
        self.points = nn.Sequential(nn.Flatten(), nn.Linear(16 * 25, 64), nn.ReLU(), nn.Linear(64, 4))

    def forward(self, pic):
        return self.points(self.features(pic))


def explained(net, pics, points):
    with torch.no_grad():
        err = net(pics) - points
    return 1 - (err.pow(2).sum() / (points - points.mean(0)).pow(2).sum()).item(), err.abs().mean().item() * cfg.side / 4


g = torch.Generator().manual_seed(19)
torch.manual_seed(19)
pics, points = yachts(cfg.n_train + cfg.n_test, g)
net = Locator()
squared = nn.MSELoss(reduction="sum")
opt = optim.SGD(net.parameters(), lr=cfg.lr, momentum=0.9)
steps = cfg.epochs * cfg.n_train // cfg.batch
warm = optim.lr_scheduler.LinearLR(opt, 0.1, 1.0, total_iters=30)
fall = optim.lr_scheduler.CosineAnnealingLR(opt, steps - 30)
sched = optim.lr_scheduler.SequentialLR(opt, [warm, fall], milestones=[30])

test_pics, test_points = pics[cfg.n_train:], points[cfg.n_train:]
for epoch in range(cfg.epochs):
    order = torch.randperm(cfg.n_train, generator=g)
    loss_sum = 0.0
    for lo in range(0, cfg.n_train, cfg.batch):
        pick = order[lo:lo + cfg.batch]
        loss = squared(net(pics[pick]), points[pick])
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), cfg.max_norm)
        opt.step()
        sched.step()
        loss_sum += loss.item()
    r2, px = explained(net, test_pics, test_points)
    print("%2d: squared error per picture %.4f, test r2 %.3f, mean miss %.2f px" % (epoch, loss_sum / cfg.n_train, r2, px))
print("test r2 finally %.4f" % r2)
