"""RealNVP-style density model of two interleaved half-circles."""
import math
import torch
from torch import nn
from sklearn.datasets import make_moons


class Coupling(nn.Module):
    def __init__(self, flip, hidden=48):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(1, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 2))
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, x):
        a, b = (x[:, 1:], x[:, :1]) if self.flip else (x[:, :1], x[:, 1:])
        s, t = self.net(a).chunk(2, dim=1)
        s = torch.tanh(s) * 1.5
        b = b * s.exp() + t
        y = torch.cat([b, a], 1) if self.flip else torch.cat([a, b], 1)
        return y, s.squeeze(1)


class Flow(nn.Module):
    def __init__(self, depth=6):
        super().__init__()
        self.steps = nn.ModuleList(Coupling(i % 2 == 1) for i in range(depth))

    def log_prob(self, x):
        total = torch.zeros(len(x))
        for step in self.steps:
            x, logdet = step(x)
            total = total + logdet
        return total - 0.5 * (x ** 2).sum(1) - math.log(2 * math.pi)


def moons(n, seed):
    x, _ = make_moons(n, noise=0.12, random_state=seed)
    return (torch.tensor(x, dtype=torch.float32) - torch.tensor([0.5, 0.25])) / torch.tensor([0.87, 0.5])


torch.manual_seed(6)
train_x, test_x = moons(8000, 6), moons(2000, 7)
flow = Flow()
optimizer = torch.optim.Adam(flow.parameters(), lr=5e-3)
EPOCHS, BATCH = 20, 200
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * len(train_x) // BATCH)
for epoch in range(EPOCHS):
    flow.train()
    for idx in torch.randperm(len(train_x)).split(BATCH):
        loss = -flow.log_prob(train_x[idx]).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(flow.parameters(), 10.0)
        optimizer.step()
        scheduler.step()
    flow.eval()
    with torch.no_grad():
        nll = -flow.log_prob(test_x).mean().item()
    print(f"epoch {epoch + 1:2d} train nll {loss.item():.3f} test nll {nll:.4f}")
