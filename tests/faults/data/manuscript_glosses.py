"""Tag each word of a line with the class of the last earlier key word (small self-attention tagger)."""
from dataclasses import dataclass
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    vocab: int = 20
    tags: int = 5
    length: int = 16
    width: int = 48
    heads: int = 4
    layers: int = 1
    steps: int = 600
    batch: int = 48
    lr: float = 4e-3


cfg = Config()
torch.manual_seed(3)


def lines(n):
    x = torch.randint(0, cfg.vocab, (n, cfg.length))
    x[:, 0] = torch.randint(0, cfg.tags, (n,))
    y = torch.zeros_like(x)
    last = x[:, 0]
    for t in range(cfg.length):
        last = torch.where(x[:, t] < cfg.tags, x[:, t], last)
        y[:, t] = last
    return x, y


class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.dim = heads, width // heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        b, t, w = x.shape
        q, k, v = (z.view(b, t, self.heads, self.dim).transpose(1, 2) for z in self.qkv(x).chunk(3, dim=-1))
        att = (q @ k.transpose(-2, -1)) / math.sqrt(self.dim)
        mask = torch.triu(torch.ones(t, t, dtype=torch.bool), diagonal=1)
        out = att.masked_fill(mask, float("-inf")).softmax(-1) @ v
        out = out.reshape(b, t, w)
        return self.proj(out)


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.att = SelfAttention(width, heads)
        self.ff = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        x = x + self.att(self.n1(x))
        return x + self.ff(self.n2(x))


class Tagger(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.tok = nn.Embedding(cfg.vocab, cfg.width)
        self.pos = nn.Parameter(0.1 * torch.randn(cfg.length, cfg.width))
        self.blocks = nn.Sequential(*[Block(cfg.width, cfg.heads) for _ in range(cfg.layers)])
        self.norm = nn.LayerNorm(cfg.width)
        self.head = nn.Linear(cfg.width, cfg.tags)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.tok(x) + self.pos)))


x_test, y_test = lines(500)
model = Tagger(cfg)
opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=0.01)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, cfg.lr, total_steps=cfg.steps)
for step in range(1, cfg.steps + 1):
    x, y = lines(cfg.batch)
    loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if step % 150 == 0:
        print(f"step {step} loss {loss.item():.4f}")

model.eval()
with torch.no_grad():
    acc = (model(x_test).argmax(-1) == y_test).float().mean().item()
print(f"tag accuracy {acc:.4f}")
