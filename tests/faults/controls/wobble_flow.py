"""Affine coupling flow fitted by exact likelihood to a bent two-dimensional cloud."""
import math

import torch
import torch.nn as nn


class Coupling(nn.Module):
    def __init__(self, flip, width=32):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(1, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 2))
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, x):
        a, b = x.chunk(2, 1)
        if self.flip:
            a, b = b, a
        shift, log_scale = self.net(a).chunk(2, 1)
        log_scale = torch.tanh(log_scale)
        b = (b - shift) * torch.exp(-log_scale)
        return torch.cat([b, a] if self.flip else [a, b], 1), -log_scale.squeeze(1)


class Flow(nn.Module):
    def __init__(self, depth=4):
        super().__init__()
        self.parts = nn.ModuleList(Coupling(i % 2 == 1) for i in range(depth))

    def log_prob(self, x):
        total = torch.zeros(len(x))
        for part in self.parts:
            x, logdet = part(x)
            total = total + logdet
        return total - 0.5 * x.square().sum(1) - math.log(2 * math.pi)


def cloud(n):
    a = torch.randn(n)
    b = 0.8 * torch.sin(1.5 * a) + 0.5 * a ** 2 + (0.1 + 0.05 * a.abs()) * torch.randn(n)
    return torch.stack([a, b], 1)


def main():
    torch.manual_seed(88)
    x = cloud(6000)
    x = (x - x[:5000].mean(0)) / x[:5000].std(0)
    train, test = x[:5000], x[5000:]
    flow = Flow()
    opt = torch.optim.Adam(flow.parameters(), lr=5e-3)
    epochs = 14
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for epoch in range(epochs):
        flow.train()
        total = 0.0
        for batch in train[torch.randperm(len(train))].split(100):
            loss = -flow.log_prob(batch).mean()
            opt.zero_grad(set_to_none=True)
            loss.backward()
            opt.step()
            total += loss.item() * len(batch)
        sched.step()
        flow.eval()
        with torch.no_grad():
            held = flow.log_prob(test).mean().item()
        print(f"epoch {epoch + 1:2d} train log-density {-total / len(train):.4f} test {held:.4f}")
    print(f"test log-density: {held:.4f}")


main()
