import math
from dataclasses import dataclass

import torch
import torch.nn as nn


@dataclass
class Config:
    vocab: int = 12
    seq_len: int = 12
    d_model: int = 48
    heads: int = 4
    layers: int = 2
    batch: int = 64
    steps: int = 400
    lr: float = 2e-2
    seed: int = 0


class Encoder(nn.Module):
    """Reads a sequence of tokens and tells, for each position, how often its token occurs in it."""

    def __init__(self, c):
        super().__init__()
        self.tok = nn.Embedding(c.vocab, c.d_model)
        self.pos = nn.Parameter(torch.randn(1, c.seq_len, c.d_model) * 0.02)
        layer = nn.TransformerEncoderLayer(c.d_model, c.heads, 4 * c.d_model, dropout=0.0, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, c.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(c.d_model)
        self.head = nn.Linear(c.d_model, 4)

    def forward(self, x):
        h = self.tok(x) + self.pos
        return self.head(self.norm(self.body(h)))


def make_batch(c, n, gen):
    x = torch.randint(0, c.vocab, (n, c.seq_len), generator=gen)
    counts = (x.unsqueeze(1) == x.unsqueeze(2)).sum(-1)
    return x, counts.clamp(max=4) - 1


def main():
    c = Config()
    torch.manual_seed(c.seed)
    gen = torch.Generator().manual_seed(c.seed)
    x_val, y_val = make_batch(c, 512, torch.Generator().manual_seed(99))
    model = Encoder(c)
    print("parameters:", sum(p.numel() for p in model.parameters()))
    optimizer = torch.optim.AdamW(model.parameters(), lr=c.lr, weight_decay=0.01)
    criterion = nn.CrossEntropyLoss()
    for step in range(1, c.steps + 1):
        x, y = make_batch(c, c.batch, gen)
        logits = model(x)
        loss = criterion(logits.reshape(-1, 4), y.reshape(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            model.eval()
            with torch.no_grad():
                acc = (model(x_val).argmax(-1) == y_val).float().mean().item()
            model.train()
            print(f"step {step} loss {loss.item():.4f} ppl {math.exp(loss.item()):.3f} val acc {acc:.4f}")


main()
