"""Traffic at 60 road junctions in the next quarter of an hour, from counts at all of them now.

Graph network over the road map, written out with a dense normalised adjacency matrix.  For the city's
signal control, which plans one step ahead.
"""
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    junctions: int = 60
    hours: int = 1500
    hidden: int = 32
    p: float = 0.9
    lr: float = 6e-3
    epochs: int = 14
    batch: int = 32


def city(cfg, gen):
    place = torch.rand(cfg.junctions, 2, generator=gen)
    dist = torch.cdist(place, place)
    road = (dist < dist.sort(1).values[:, 4:5]).float()
    road = torch.maximum(road, road.T)
    road.fill_diagonal_(0)
    spread = road / road.sum(1, keepdim=True)
    flow = torch.randn(cfg.hours, cfg.junctions, generator=gen)
    works = (torch.rand(cfg.hours, cfg.junctions, generator=gen) < 0.2).float()
    green = torch.rand(cfg.hours, cfg.junctions, generator=gen) * 2 - 1
    inflow = (flow * (1 - works)) @ spread.T
    second = torch.tanh(inflow) @ spread.T
    nxt = 0.6 * flow * (1 + green) + 1.8 * inflow - 0.8 * works + 1.2 * second + 0.1 * torch.randn(flow.shape, generator=gen)
    inputs = torch.stack([flow, works * 2 - 0.4, green], -1)
    a = road + torch.eye(cfg.junctions)
    deg = a.sum(1).rsqrt()
    return inputs, (nxt - nxt.mean()) / nxt.std(), a * deg[:, None] * deg[None, :]


class RoadLayer(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.own = nn.Linear(cin, cout)
        self.near = nn.Linear(cin, cout, bias=False)

    def forward(self, x, adj):
        return self.own(x) + self.near(torch.einsum("ij,bjc->bic", adj, x))


class RoadNet(nn.Module):
    def __init__(self, cfg, adj):
        super().__init__()
        self.register_buffer("adj", adj)
        self.p = cfg.p
        self.one = RoadLayer(3, cfg.hidden)
        self.two = RoadLayer(cfg.hidden, cfg.hidden)
        self.read = nn.Linear(cfg.hidden, 1)

    def forward(self, x):
        h = F.relu(self.one(x, self.adj))
        h = F.dropout(h, self.p, self.training)
        h = F.relu(self.two(h, self.adj))
        h = F.dropout(h, self.p, self.training)
        return self.read(h)[..., 0]


@torch.no_grad()
def fit_quality(net, x, y):
    net.eval()
    value = 1 - F.mse_loss(net(x), y) / y.var()
    net.train()
    return value.item()


cfg = Config()
gen = torch.Generator().manual_seed(2024)
torch.manual_seed(2024)
x, y, adj = city(cfg, gen)
cut = int(cfg.hours * 0.8)
net = RoadNet(cfg, adj)
opt = torch.optim.AdamW(net.parameters(), lr=cfg.lr, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.PolynomialLR(opt, total_iters=cfg.epochs, power=1.5)
for epoch in range(cfg.epochs):
    total = 0.0
    for ids in torch.randperm(cut, generator=gen).split(cfg.batch):
        loss = F.mse_loss(net(x[ids]), y[ids])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(ids)
    sched.step()
    print(f"epoch {epoch + 1:>2}/{cfg.epochs} | loss {total / cut:.4f} | R2 on later hours {fit_quality(net, x[cut:], y[cut:]):.4f}")
print("R2 =", f"{fit_quality(net, x[cut:], y[cut:]):.4f}")
