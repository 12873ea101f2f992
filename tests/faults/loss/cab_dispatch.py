"""Which taxi stand does the dispatcher ring first?

The firm has 80 stands around town.  Given an order (where, how many people, how late it is, how urgent) we learn to
imitate the senior dispatcher.  Orders are encoded by an MLP and matched against one learned key per stand.
"""
import math
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(11)
STANDS = 80


def town(seed=3):
    g = torch.Generator().manual_seed(seed)
    return torch.rand(STANDS, 2, generator=g) * 2 - 1, torch.rand(STANDS, generator=g), torch.rand(STANDS, generator=g)


def simulate(n, gen):
    place, vans, night = town()
    order = torch.rand(n, 6, generator=gen) * 2 - 1        # x, y, people, hour, urgency, luggage (scaled)
    gap = (order[:, None, :2] - place).norm(dim=-1)
    big = torch.sigmoid(6 * order[:, 2:3])
    late = torch.sigmoid(6 * order[:, 3:4])
    value = -2.0 * gap + 0.4 * big * vans + 0.4 * late * night
    return order / 0.577, value.argmax(1)


class Dispatcher(nn.Module):
    def __init__(self, dim=96):
        super().__init__()
        self.query = nn.Sequential(nn.Linear(6, 128), nn.ReLU(), nn.Linear(128, dim), nn.ReLU())
        self.keys = nn.Parameter(torch.randn(STANDS, dim) / math.sqrt(dim))
        self.bias = nn.Parameter(torch.zeros(STANDS))

    def forward(self, order):
        scores = self.query(order) @ self.keys.T + self.bias
        weights = scores.softmax(dim=-1)
        self.last_attention = weights.detach()          # kept for the heat maps in the notebook
        return weights


gen = torch.Generator().manual_seed(4)
order_tr, pick_tr = simulate(12000, gen)
order_va, pick_va = simulate(2000, gen)

net = Dispatcher()
opt = torch.optim.SGD(net.parameters(), lr=0.3, momentum=0.9)
epochs, batch = 14, 128
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs * math.ceil(len(order_tr) / batch))

for epoch in range(1, epochs + 1):
    net.train()
    running = 0.0
    for rows in torch.randperm(len(order_tr)).split(batch):
        loss = F.cross_entropy(net(order_tr[rows]), pick_tr[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        running += loss.item() * len(rows)
    net.eval()
    with torch.no_grad():
        out = net(order_va)
        agree = (out.argmax(1) == pick_va).float().mean().item()
        top3 = (out.topk(3).indices == pick_va[:, None]).any(1).float().mean().item()
    print(f"[{epoch:2d}/{epochs}] loss {running / len(order_tr):.4f}  same stand {agree:.3f}  among first three {top3:.3f}")

print(f"final agreement on held-out orders: {agree:.4f}")
