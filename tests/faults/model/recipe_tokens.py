"""Next-token model of recipe steps, a small decoder."""
from dataclasses import dataclass
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Settings:
    vocab: int = 16
    context: int = 16
    width: int = 32
    heads: int = 4
    layers: int = 1
    batch: int = 32
    lr: float = 3e-3
    warmup: int = 20
    max_steps: int = 60
    seed: int = 17


class Kitchen:
    """Each token depends on the one before and on how far the recipe has come."""

    def __init__(self, vocab, length, gen):
        self.a = torch.randn(vocab, vocab, generator=gen) * 1.8
        self.c = torch.randn(length, vocab, generator=gen) * 0.9

    def sample(self, n, length, gen):
        seq = torch.randint(0, self.a.shape[0], (n, 1), generator=gen)
        for t in range(length - 1):
            p = torch.softmax(self.a[seq[:, -1]] + self.c[t], 1)
            seq = torch.cat([seq, torch.multinomial(p, 1, generator=gen)], 1)
        return seq


class Decoder(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.tok = nn.Embedding(s.vocab, s.width)
        self.pos = nn.Parameter(0.02 * torch.randn(s.context, s.width))
        layer = nn.TransformerEncoderLayer(s.width, s.heads, 2 * s.width, dropout=0.0, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, s.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(s.width)
        self.out = nn.Linear(s.width, s.vocab)
        self.register_buffer("mask", torch.triu(torch.ones(s.context, s.context, dtype=torch.bool), 1))

    def forward(self, x):
        return self.out(self.norm(self.blocks(self.tok(x) + self.pos, mask=self.mask)))


def nll(model, seq):
    out = model(seq[:, :-1])
    return F.cross_entropy(out.flatten(0, 1), seq[:, 1:].flatten())


def main(s=Settings()):
    torch.manual_seed(s.seed)
    gen = torch.Generator().manual_seed(s.seed)
    kitchen = Kitchen(s.vocab, s.context, gen)
    held = kitchen.sample(200, s.context + 1, gen)
    model = Decoder(s)
    opt = torch.optim.AdamW(model.parameters(), lr=s.lr, weight_decay=0.01)
    for step in range(1, s.max_steps + 1):
        for group in opt.param_groups:
            group["lr"] = s.lr * min(1.0, step / s.warmup)
        model.train()
        loss = nll(model, kitchen.sample(s.batch, s.context + 1, gen))
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        if step % max(1, s.max_steps // 10) == 0:
            model.eval()
            with torch.no_grad():
                h = nll(model, held).item()
            print(f"step {step} train {loss.item():.3f} held {h:.3f} perplexity {math.exp(h):.2f}")


main()
