"""Pretrain by filling in hidden spans of a signal, then fit a linear probe on the frozen encoder."""
import math

import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(70)
LENGTH, PATCH = 48, 6
N_PATCH = LENGTH // PATCH


def signals(n):
    kind = torch.randint(0, 4, (n,))
    t = torch.arange(LENGTH).float()
    f = torch.tensor([0.25, 0.45])[kind % 2][:, None] * torch.empty(n, 1).uniform_(0.95, 1.05)
    wave = torch.sin(f * t + torch.rand(n, 1) * 2 * math.pi)
    square = 0.9 * torch.tanh(4 * wave)
    x = torch.where((kind >= 2)[:, None], square, 1.3 * wave)
    return (x + 0.1 * torch.randn_like(x)).view(n, N_PATCH, PATCH), kind


class SpanFiller(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.inp = nn.Linear(PATCH, d)
        self.hole = nn.Parameter(0.02 * torch.randn(d))
        self.pos = nn.Parameter(0.02 * torch.randn(N_PATCH, d))
        layer = nn.TransformerEncoderLayer(d, 4, 64, dropout=0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(d, PATCH)

    def encode(self, patches, hidden=None):
        h = self.inp(patches)
        if hidden is not None:
            h = torch.where(hidden[..., None], self.hole, h)
        return self.encoder(h + self.pos)

    def forward(self, patches, hidden):
        return self.out(self.encode(patches, hidden))


x, kind = signals(2500)
x_test, kind_test = signals(800)
model = SpanFiller()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
warm = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1, (s + 1) / 50) * 0.5 * (1 + math.cos(math.pi * s / 500)))
for step in range(500):
    xb = x[torch.randint(len(x), (64,))]
    hidden = torch.rand(64, N_PATCH) < 0.4
    loss = F.mse_loss(model(xb, hidden)[hidden], xb[hidden])      # only what was hidden counts
    opt.zero_grad()
    loss.backward()
    opt.step()
    warm.step()
    if step % 50 == 49:
        print(f"step {step + 1}: reconstruction loss {loss.item():.4f}")

model.eval().requires_grad_(False)
codes, codes_test = model.encode(x).mean(1), model.encode(x_test).mean(1)
mu, sd = codes.mean(0), codes.std(0)
codes, codes_test = (codes - mu) / sd, (codes_test - mu) / sd
probe = nn.Linear(32, 4)
probe_opt = torch.optim.Adam(probe.parameters(), lr=4e-2)
for epoch in range(12):
    for b in torch.randperm(len(codes)).split(100):
        loss = F.cross_entropy(probe(codes[b]), kind[b])
        probe_opt.zero_grad()
        loss.backward()
        probe_opt.step()
    print(f"probe epoch {epoch + 1}: train loss {loss.item():.4f}, test loss {F.cross_entropy(probe(codes_test), kind_test).item():.4f}")
print(f"linear probe accuracy: {(probe(codes_test).argmax(1) == kind_test).float().mean():.4f}")
