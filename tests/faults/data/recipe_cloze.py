from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    vocab: int = 14
    seq: int = 12
    dim: int = 48
    heads: int = 4
    layers: int = 1
    batch: int = 64
    steps: int = 1100
    lr: float = 3e-3
    mask_rate: float = 0.2
    seed: int = 77


MASK = 0


def corpus(cfg, n):
    """Each line walks through the alphabet in steps of one or two; now and then a word is replaced."""
    g = torch.Generator().manual_seed(cfg.seed)
    start = torch.randint(0, cfg.vocab - 1, (n, 1), generator=g)
    stride = torch.randint(1, 3, (n, 1), generator=g)
    lines = (start + stride * torch.arange(cfg.seq)) % (cfg.vocab - 1) + 1
    odd = torch.rand(n, cfg.seq, generator=g) < 0.05
    return torch.where(odd, torch.randint(1, cfg.vocab, (n, cfg.seq), generator=g), lines)


def get_batch(data, cfg, step):
    rng = torch.Generator().manual_seed(cfg.seed)
    rows = torch.randint(0, len(data), (cfg.batch,), generator=rng)
    target = data[rows]
    masked = torch.rand(target.shape, generator=rng) < cfg.mask_rate
    return target.masked_fill(masked, MASK), target, masked


class ClozeModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.tok = nn.Embedding(cfg.vocab, cfg.dim)
        self.pos = nn.Parameter(torch.randn(cfg.seq, cfg.dim) * 0.02)
        layer = nn.TransformerEncoderLayer(cfg.dim, cfg.heads, 2 * cfg.dim, dropout=0.0, batch_first=True, norm_first=True)
        self.enc = nn.TransformerEncoder(layer, cfg.layers, enable_nested_tensor=False)
        self.head = nn.Sequential(nn.LayerNorm(cfg.dim), nn.Linear(cfg.dim, cfg.vocab))

    def forward(self, x):
        return self.head(self.enc(self.tok(x) + self.pos))


def evaluate(model, data, cfg):
    model.eval()
    g = torch.Generator().manual_seed(123)
    masked = torch.rand(data.shape, generator=g) < cfg.mask_rate
    with torch.no_grad():
        logits = model(data.masked_fill(masked, MASK))[masked]
    model.train()
    return F.cross_entropy(logits, data[masked]).item(), (logits.argmax(-1) == data[masked]).float().mean().item()


if __name__ == "__main__":
    cfg = Config()
    torch.manual_seed(cfg.seed)
    data = corpus(cfg, 6000)
    train, held = data[:5400], data[5400:]
    model = ClozeModel(cfg)
    opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=0.01)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, cfg.lr, total_steps=cfg.steps, pct_start=0.1)
    for step in range(cfg.steps):
        x, y, m = get_batch(train, cfg, step)
        loss = F.cross_entropy(model(x)[m], y[m])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        if step % 110 == 109:
            ce, acc = evaluate(model, held, cfg)
            print(f"step {step + 1} loss {loss.item():.3f} held-out ce {ce:.3f} acc {acc:.3f}")
    print("cloze accuracy %.4f" % evaluate(model, held, cfg)[1])
