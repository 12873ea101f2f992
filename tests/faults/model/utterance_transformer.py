"""Intent classification of short command sequences with a small transformer encoder."""
import math
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Cfg:
    vocab: int = 40
    length: int = 14
    intents: int = 12
    d_model: int = 32
    heads: int = 4
    layers: int = 1
    dropout: float = 0.6
    lr: float = 2e-3
    batch: int = 64
    epochs: int = 10
    seed: int = 19


def make_commands(cfg, n):
    """The intent is a verb and an object; filler words and now and then a stray command word surround them."""
    tokens = torch.randint(14, cfg.vocab, (n, cfg.length))
    verb, noun = torch.randint(0, 4, (n,)), torch.randint(0, 3, (n,))
    pos = torch.stack([torch.randperm(cfg.length)[:2].sort().values for _ in range(n)])
    rows = torch.arange(n)
    tokens[rows, pos[:, 0]] = verb
    tokens[rows, pos[:, 1]] = 4 + noun
    decoy = torch.stack([torch.randperm(cfg.length)[:1] for _ in range(n)]).squeeze(1)
    free = (decoy != pos[:, 0]) & (decoy != pos[:, 1])
    tokens[rows[free], decoy[free]] = torch.randint(0, 14, (int(free.sum()),))
    return tokens, verb * 3 + noun


class IntentModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.tok = nn.Embedding(cfg.vocab, cfg.d_model)
        pos = torch.arange(cfg.length)[:, None] * torch.exp(-math.log(1e3) * torch.arange(0, cfg.d_model, 2) / cfg.d_model)
        self.register_buffer("pos", torch.stack([pos.sin(), pos.cos()], -1).flatten(1))
        layer = nn.TransformerEncoderLayer(cfg.d_model, cfg.heads, 64, cfg.dropout, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, cfg.layers, enable_nested_tensor=False)
        self.drop = nn.Dropout(cfg.dropout)
        self.norm = nn.LayerNorm(cfg.d_model)
        self.head = nn.Linear(cfg.d_model, cfg.intents)

    def forward(self, tokens):
        h = self.encoder(self.drop(self.tok(tokens) + self.pos))
        return self.head(self.drop(self.norm(h.mean(1))))


@torch.no_grad()
def evaluate(model, x, y):
    model.eval()
    z = model(x)
    return F.cross_entropy(z, y).item(), (z.argmax(-1) == y).float().mean().item()


def main():
    cfg = Cfg()
    torch.manual_seed(cfg.seed)
    x, y = make_commands(cfg, 5000)
    (xt, xv), (yt, yv) = x.split([4200, 800]), y.split([4200, 800])
    model = IntentModel(cfg)
    opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=0.01)
    steps = cfg.epochs * math.ceil(len(xt) / cfg.batch)
    sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1, (s + 1) / 40) * max(0.05, 1 - s / steps))
    for epoch in range(cfg.epochs):
        model.train()
        for idx in torch.randperm(len(xt)).split(cfg.batch):
            loss = F.cross_entropy(model(xt[idx]), yt[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
        print("epoch %d  train %.4f acc %.4f  val %.4f acc %.4f" % (epoch + 1, *evaluate(model, xt, yt), *evaluate(model, xv, yv)))
    print(f"val_acc={evaluate(model, xv, yv)[1]:.4f}")


main()
