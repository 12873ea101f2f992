"""Listener x show ratings, factorised."""
import random
import torch
from torch import nn

random.seed(8)
torch.manual_seed(8)


def simulate(listeners=300, shows=120, rank=3, per_listener=60):
    u = torch.randn(listeners, rank)
    v = torch.randn(shows, rank)
    bu, bv = 0.4 * torch.randn(listeners), 0.5 * torch.randn(shows)
    rows = []
    for i in range(listeners):
        for j in random.sample(range(shows), per_listener):
            r = 3.4 + bu[i] + bv[j] + 0.45 * (u[i] @ v[j]) + 0.35 * torch.randn(())
            rows.append((i, j, float(r)))
    random.shuffle(rows)
    return rows


class Factors(nn.Module):
    def __init__(self, listeners, shows, rank):
        super().__init__()
        self.u = nn.Embedding(listeners, rank)
        self.v = nn.Embedding(shows, rank)
        self.bu = nn.Embedding(listeners, 1)
        self.bv = nn.Embedding(shows, 1)
        self.mean = nn.Parameter(torch.tensor(3.0))
        for e in (self.u, self.v):
            nn.init.normal_(e.weight, std=0.3)
        for e in (self.bu, self.bv):
            nn.init.zeros_(e.weight)

    def forward(self, i, j):
        return self.mean + self.bu(i).squeeze(1) + self.bv(j).squeeze(1) + (self.u(i) * self.v(j)).sum(1)


rows = simulate()
cut = int(len(rows) * 0.85)
pack = lambda part: (torch.tensor([r[0] for r in part]), torch.tensor([r[1] for r in part]), torch.tensor([r[2] for r in part]))
ti, tj, tr = pack(rows[:cut])
vi, vj, vr = pack(rows[cut:])

model = Factors(300, 120, 3)
tables = [model.u.weight, model.v.weight, model.bu.weight, model.bv.weight]
opt = torch.optim.Adam([
    {"params": tables, "weight_decay": 2.5e-3},
    {"params": [model.mean]},
], lr=1e-2)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.9)

for epoch in range(1, 31):
    acc = []
    for b in torch.randperm(cut).split(256):
        loss = (model(ti[b], tj[b]) - tr[b]).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        acc.append(loss.item())
    sched.step()
    if epoch % 3 == 0:
        with torch.no_grad():
            rmse = (model(vi, vj) - vr).square().mean().sqrt()
        print(f"{epoch:3d} train mse {sum(acc) / len(acc):.4f} valid rmse {rmse:.4f}")
