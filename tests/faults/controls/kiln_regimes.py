"""Mixture of experts for clinker temperature: a router sends each reading to two of four experts.

The router has its own optimiser, and its balance is kept by an offset that is
nudged outside the gradient after every step (no auxiliary loss).
"""
import torch
from torch import nn

torch.manual_seed(90)
EXPERTS, TOP = 4, 2


def readings(n):
    x = torch.randn(n, 8)
    hot, wet = torch.sigmoid(3 * x[:, 0]), torch.sigmoid(3 * x[:, 1])
    share = torch.stack([(1 - hot) * (1 - wet), hot * (1 - wet), (1 - hot) * wet, hot * wet], 1)
    a = share @ torch.tensor([[1.0, -1, .5, 0], [-.8, .6, 0, 1], [.3, 1, -1, .4], [-1, -.3, .8, -.9]])
    y = (a * x[:, 2:6]).sum(1) + 0.5 * torch.sin(2 * x[:, 6]) + share @ torch.tensor([0.5, -0.5, 1.0, 0.0])
    return x, (y + 0.3 * torch.randn(n)) / 1.2


class Expert(nn.Module):
    def __init__(self, d, h=32):
        super().__init__()
        self.a, self.b = nn.Linear(d, h), nn.Linear(h, 1)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x)))


class Mixture(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.experts = nn.ModuleList([Expert(d) for _ in range(EXPERTS)])
        self.router = nn.Sequential(nn.Linear(d, 32), nn.ReLU(), nn.Linear(32, EXPERTS))
        self.register_buffer("offset", torch.zeros(EXPERTS))

    def forward(self, x):
        s = self.router(x)
        top = (s.detach() + self.offset).topk(TOP, dim=1).indices
        gate = torch.zeros_like(s).scatter(1, top, torch.softmax(s.gather(1, top), 1))
        out = torch.cat([e(x) for e in self.experts], 1)
        load = (gate > 0).float().mean(0)
        return (gate * out).sum(1), load


x, y = readings(12000)
xv, yv = readings(1500)
model = Mixture(x.shape[1])
opt_experts = torch.optim.Adam(model.experts.parameters(), lr=1.5e-2)
opt_router = torch.optim.Adam(model.router.parameters(), lr=4e-3)
plans = [torch.optim.lr_scheduler.CosineAnnealingLR(o, 18) for o in (opt_experts, opt_router)]

for epoch in range(18):
    err = 0.0
    usage = torch.zeros(EXPERTS)
    for b in torch.randperm(len(x)).split(120):
        pred, load = model(x[b])
        loss = (pred - y[b]).pow(2).mean()
        for o in (opt_experts, opt_router):
            o.zero_grad()
        loss.backward()
        for o in (opt_experts, opt_router):
            o.step()
        with torch.no_grad():
            model.offset += 0.003 * torch.sign(TOP / EXPERTS - load)
        err += loss.item() * len(b)
        usage += load * len(b)
    for p in plans:
        p.step()
    with torch.no_grad():
        mse = (model(xv)[0] - yv).pow(2).mean().item()
    print(f"ep {epoch:2d} mse {err / len(x):.4f} test {mse:.4f} load {[round(v, 2) for v in (usage / len(x)).tolist()]}")
print(f"test R2: {1 - mse / yv.var().item():.4f}")
