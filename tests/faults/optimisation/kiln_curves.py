"""Firing curves for a pottery cooperative.

Every kiln is described by five numbers (volume, brick, gas pressure, load, draught).
A hypernetwork turns them into the weights of a tiny network time -> temperature,
so the potter can download *one* small curve for her own kiln.
"""
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Config:
    n_train: int = 2048
    n_test: int = 512
    points: int = 16
    inner: int = 12
    hyper: int = 96
    base_lr: float = 2e-3
    batch: int = 64
    epochs: int = 25
    seed: int = 11


def make_kilns(n, cfg, gen):
    c = torch.rand(n, 5, generator=gen) * 2 - 1
    t = torch.rand(n, cfg.points, generator=gen) * 2 - 1
    peak = 0.4 * c[:, 0:1] + 0.25 * torch.sin(3 * c[:, 1:2])
    width = 0.35 + 0.12 * c[:, 2:3]
    soak = 0.5 + 0.5 * torch.sigmoid(4 * c[:, 3:4])
    curve = soak * torch.exp(-((t - peak) / width) ** 2) + 0.3 * c[:, 4:5] * torch.tanh(3 * t)
    return c, t, curve + 0.03 * torch.randn(t.shape, generator=gen)


class CurveMaker(nn.Module):
    """context -> weights of a 1-h-h-1 network, applied to the time points"""

    def __init__(self, cfg):
        super().__init__()
        h = cfg.inner
        self.shapes = [(h, 1), (h,), (h, h), (h,), (1, h), (1,)]
        self.sizes = [torch.Size(s).numel() for s in self.shapes]
        self.trunk = nn.Sequential(nn.Linear(5, cfg.hyper), nn.SiLU(),
                                   nn.Linear(cfg.hyper, cfg.hyper), nn.SiLU())
        self.emit = nn.Linear(cfg.hyper, sum(self.sizes))
        nn.init.normal_(self.emit.weight, std=0.3 / cfg.hyper ** 0.5)
        with torch.no_grad():           # the average kiln starts as an ordinary network
            chunks = [torch.randn(h), 0.5 * torch.randn(h), torch.randn(h * h) / h ** 0.5,
                      torch.zeros(h), torch.randn(h) / h ** 0.5, torch.zeros(1)]
            self.emit.bias.copy_(torch.cat(chunks))

    def forward(self, c, t):
        parts = self.emit(self.trunk(c)).split(self.sizes, dim=1)
        w1, b1, w2, b2, w3, b3 = [p.view(len(c), *s) for p, s in zip(parts, self.shapes)]
        z = torch.tanh(t.unsqueeze(-1) @ w1.transpose(1, 2) + b1.unsqueeze(1))
        z = torch.tanh(z @ w2.transpose(1, 2) + b2.unsqueeze(1))
        return (z @ w3.transpose(1, 2) + b3.unsqueeze(1)).squeeze(-1)


def r2(model, c, t, y):
    with torch.no_grad():
        err = ((model(c, t) - y) ** 2).mean()
    return (1 - err / y.var()).item()


cfg = Config()
torch.manual_seed(cfg.seed)
gen = torch.Generator().manual_seed(cfg.seed + 1)
train = make_kilns(cfg.n_train, cfg, gen)
test = make_kilns(cfg.n_test, cfg, gen)
offset, spread = train[2].mean(), train[2].std()
train = (*train[:2], (train[2] - offset) / spread)
test = (*test[:2], (test[2] - offset) / spread)

model = CurveMaker(cfg)
lr = cfg.base_lr * cfg.batch / cfg.n_train
opt = torch.optim.Adam(model.parameters(), lr=lr)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs * cfg.n_train // cfg.batch, eta_min=0.02 * lr)
print(cfg)

for epoch in range(cfg.epochs):
    order = torch.randperm(cfg.n_train, generator=gen)
    losses = []
    for b in range(0, cfg.n_train, cfg.batch):
        i = order[b:b + cfg.batch]
        pred = model(train[0][i], train[1][i])
        loss = nn.functional.mse_loss(pred, train[2][i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        losses.append(loss.detach())
    if epoch % 5 == 4:
        print(f"ep {epoch + 1:>2}  mse {torch.stack(losses).mean():.5f}  test R2 {r2(model, *test):.4f}")
print(f"R2 on unseen kilns = {r2(model, *test):.4f}")
