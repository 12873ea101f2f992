# A hypernetwork: from 12 noisy context points it writes the weights of a tiny network that predicts the rest of the curve.
import math
import torch
import torch.nn as nn


def curves(n, gen, k=12, q=12):
    amp = torch.rand(n, 1, generator=gen) * 1.0 + 0.5
    freq = torch.rand(n, 1, generator=gen) * 1.0 + 1.0
    phase = torch.rand(n, 1, generator=gen) * math.pi
    x = torch.rand(n, k + q, generator=gen) * 4 - 2
    y = amp * torch.sin(freq * x + phase)
    y[:, :k] += 0.1 * torch.randn(n, k, generator=gen)
    return x[:, :k], y[:, :k], x[:, k:], y[:, k:]


class HyperNet(nn.Module):
    HIDDEN = 16

    def __init__(self, k=12):
        super().__init__()
        h = self.HIDDEN
        self.sizes = [h, h, h * h, h, h, 1]
        self.point = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.mix = nn.Sequential(nn.Linear(64, 128), nn.ReLU())
        self.write = nn.Linear(128, sum(self.sizes))
        nn.init.normal_(self.write.weight, std=0.02)
        nn.init.normal_(self.write.bias, std=0.3)

    def forward(self, cx, cy, qx):
        code = self.point(torch.stack([cx, cy], -1)).mean(1)
        w1, b1, w2, b2, w3, b3 = self.write(self.mix(code)).split(self.sizes, dim=1)
        h = torch.tanh(qx.unsqueeze(-1) * w1.unsqueeze(1) + b1.unsqueeze(1))
        h = torch.tanh(h @ w2.view(-1, self.HIDDEN, self.HIDDEN) + b2.unsqueeze(1))
        return (h * w3.unsqueeze(1)).sum(-1) + b3


gen = torch.Generator().manual_seed(7)
torch.manual_seed(7)
model = HyperNet()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
steps, warm = 1800, 100
sched = torch.optim.lr_scheduler.LambdaLR(
    opt, lambda s: (s + 1) / warm if s < warm else 0.5 * (1 + math.cos(math.pi * (s - warm) / (steps - warm))))
test = curves(1000, gen)
for step in range(1, steps + 1):
    cx, cy, qx, qy = curves(64, gen)
    loss = (model(cx, cy, qx) - qy).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    opt.step()
    sched.step()
    if step % 200 == 0:
        with torch.no_grad():
            err = (model(*test[:3]) - test[3]).pow(2).mean().item()
        print(f"step {step}: train {loss.item():.4f} test {err:.4f}")
print(f"query MSE {err:.4f}")
