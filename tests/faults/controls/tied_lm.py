import math
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class GPTConfig:
    vocab: int = 24
    block: int = 24
    dim: int = 40
    heads: int = 4
    iters: int = 400
    warmup: int = 40
    batch: int = 32
    lr: float = 4e-3


class TinyGPT(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.tok = nn.Embedding(c.vocab, c.dim)
        self.pos = nn.Parameter(0.02 * torch.randn(1, c.block, c.dim))
        layer = nn.TransformerEncoderLayer(c.dim, c.heads, 2 * c.dim, dropout=0.0, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(c.dim)
        self.lm_head = nn.Linear(c.dim, c.vocab, bias=False)
        nn.init.normal_(self.tok.weight, std=0.05)
        self.lm_head.weight = self.tok.weight
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(c.block))

    def forward(self, idx):
        h = self.tok(idx) + self.pos[:, :idx.size(1)]
        return self.lm_head(self.norm(self.blocks(h, mask=self.mask)))


def markov_text(n, vocab, gen):
    """Second-order source: the next symbol depends on the last two."""
    a = torch.randint(vocab, (vocab, 3), generator=gen)
    pick = torch.multinomial(torch.tensor([0.6, 0.25, 0.15]), n, replacement=True, generator=gen)
    text = [0, 1]
    for i in range(n - 2):
        text.append(int(a[text[-1], (pick[i] + text[-2] % 2) % 3]))
    return torch.tensor(text)


cfg = GPTConfig()
torch.manual_seed(70)
gen = torch.Generator().manual_seed(70)
text = markov_text(60000, cfg.vocab, gen)
train_text, val_text = text[:54000], text[54000:]


def get_batch(source, size):
    at = torch.randint(len(source) - cfg.block - 1, (size,), generator=gen)
    rows = torch.stack([source[i:i + cfg.block + 1] for i in at])
    return rows[:, :-1], rows[:, 1:]


model = TinyGPT(cfg)
optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr, betas=(0.9, 0.98), weight_decay=0.01)


def lr_at(it):
    if it < cfg.warmup:
        return (it + 1) / cfg.warmup
    return 0.05 + 0.475 * (1 + math.cos(math.pi * (it - cfg.warmup) / (cfg.iters - cfg.warmup)))


scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lr_at)
for it in range(cfg.iters):
    model.train()
    x, y = get_batch(train_text, cfg.batch)
    loss = F.cross_entropy(model(x).reshape(-1, cfg.vocab), y.reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    if (it + 1) % 50 == 0:
        model.eval()
        with torch.no_grad():
            xv, yv = get_batch(val_text, 200)
            val = F.cross_entropy(model(xv).reshape(-1, cfg.vocab), yv.reshape(-1)).item()
        print(f"{it + 1}: train {loss.item():.4f} val {val:.4f} ppl {math.exp(val):.3f}")
print(f"val perplexity {math.exp(val):.3f}")
