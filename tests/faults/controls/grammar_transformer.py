import math
import random
import torch
import torch.nn as nn
import torch.nn.functional as F
from dataclasses import dataclass

RULES = {"S": [["NP", "VP"]], "NP": [["the", "N"], ["a", "N"], ["the", "A", "N"]], "VP": [["V", "NP"], ["V"], ["V", "NP", "P", "NP"]],
         "N": [["cat"], ["dog"], ["bird"], ["man"], ["tree"]], "V": [["sees"], ["likes"], ["finds"]],
         "A": [["big"], ["old"], ["red"]], "P": [["near"], ["with"]]}


@dataclass
class GPTConfig:
    block: int = 32
    d: int = 48
    heads: int = 4
    layers: int = 2
    lr: float = 3e-3
    warmup: int = 30
    steps: int = 300


def expand(sym, rng):
    if sym not in RULES:
        return [sym]
    return [w for s in rng.choice(RULES[sym]) for w in expand(s, rng)]


class CausalBlock(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(cfg.d), nn.LayerNorm(cfg.d)
        self.qkv, self.proj = nn.Linear(cfg.d, 3 * cfg.d), nn.Linear(cfg.d, cfg.d)
        self.mlp = nn.Sequential(nn.Linear(cfg.d, 4 * cfg.d), nn.GELU(), nn.Linear(4 * cfg.d, cfg.d))
        self.h = cfg.heads

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(B, T, 3, self.h, C // self.h).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(a.transpose(1, 2).reshape(B, T, C))
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    def __init__(self, vocab, cfg):
        super().__init__()
        self.tok, self.pos = nn.Embedding(vocab, cfg.d), nn.Embedding(cfg.block, cfg.d)
        self.blocks = nn.Sequential(*[CausalBlock(cfg) for _ in range(cfg.layers)])
        self.ln = nn.LayerNorm(cfg.d)
        self.head = nn.Linear(cfg.d, vocab, bias=False)
        nn.init.normal_(self.tok.weight, std=0.1)
        nn.init.normal_(self.pos.weight, std=0.1)
        self.head.weight = self.tok.weight

    def forward(self, idx):
        x = self.tok(idx) + self.pos.weight[: idx.size(1)]
        return self.head(self.ln(self.blocks(x)))


cfg = GPTConfig()
torch.manual_seed(51)
rng = random.Random(51)
words = [w for _ in range(6000) for w in expand("S", rng) + ["."]]
vocab = sorted(set(words))
ids = torch.tensor([vocab.index(w) for w in words])
n = int(0.9 * len(ids))
splits = {"train": ids[:n], "val": ids[n:]}


def batch(split, size=24):
    data = splits[split]
    at = torch.randint(len(data) - cfg.block - 1, (size,))
    win = torch.stack([data[i:i + cfg.block + 1] for i in at])
    return win[:, :-1], win[:, 1:]


model = GPT(len(vocab), cfg)
opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, betas=(0.9, 0.95), weight_decay=0.05)
decay = lambda s: (s + 1) / cfg.warmup if s < cfg.warmup else 0.5 * (1 + math.cos(math.pi * (s - cfg.warmup) / (cfg.steps - cfg.warmup)))
sched = torch.optim.lr_scheduler.LambdaLR(opt, decay)
for step in range(cfg.steps):
    x, y = batch("train")
    loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    sched.step()
    if step % 50 == 49:
        model.eval()
        with torch.no_grad():
            xv, yv = batch("val", 200)
            val = F.cross_entropy(model(xv).flatten(0, 1), yv.flatten()).item()
        model.train()
        print(f"iter {step + 1}: train {loss.item():.4f} val {val:.4f}")
print(f"val cross entropy {val:.4f} nats/token")
