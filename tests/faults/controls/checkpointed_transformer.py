import math
import random

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

random.seed(48)
torch.manual_seed(48)
SYMBOLS, LENGTH, D = 10, 10, 48


def batch(n):
    """Is the first token of the sequence seen again later on?"""
    x = torch.randint(1, SYMBOLS, (n, LENGTH))
    y = (torch.rand(n) < 0.5).float()
    for i in range(n):
        first = int(x[i, 0])
        rest = [s for s in range(1, SYMBOLS) if s != first]
        x[i, 1:] = torch.tensor(random.choices(rest, k=LENGTH - 1))
        if y[i]:
            x[i, random.randrange(1, LENGTH)] = first
    return x, y


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(SYMBOLS, D)
        self.positions = nn.Embedding(LENGTH, D)
        self.blocks = nn.ModuleList(nn.TransformerEncoderLayer(D, 4, 96, dropout=0.0, batch_first=True, norm_first=True) for _ in range(2))
        self.head = nn.Sequential(nn.LayerNorm(D), nn.Linear(D, 1))

    def forward(self, x):
        h = self.tokens(x) + self.positions(torch.arange(LENGTH))
        for block in self.blocks:
            h = checkpoint(block, h, use_reentrant=False) if self.training else block(h)
        return self.head(h[:, 0]).squeeze(-1)


steps, warmup = 320, 40
x_val, y_val = batch(500)
model = Detector()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.1)
factor = lambda s: (s + 1) / warmup if s < warmup else 0.5 * (1 + math.cos(math.pi * (s - warmup) / (steps - warmup)))
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
loss_fn = nn.BCEWithLogitsLoss()
for step in range(1, steps + 1):
    model.train()
    x, y = batch(64)
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    if step % 40 == 0:
        model.eval()
        with torch.no_grad():
            out = model(x_val)
        print(f"step {step} loss {loss.item():.4f} val loss {loss_fn(out, y_val).item():.4f} val acc {((out > 0) == (y_val > 0.5)).float().mean().item():.4f}")
