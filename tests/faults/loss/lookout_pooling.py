# Call-type classifier for hydrophone clips: convolution frames, several attention heads pool them over time.
import math
from dataclasses import dataclass

import torch
from torch import nn
import torch.nn.functional as F


@dataclass
class Config:
    n_train: int = 5000
    n_test: int = 1000
    frames: int = 160
    channels: int = 8
    classes: int = 6
    width: int = 32
    heads: int = 4
    epochs: int = 9
    batch: int = 50
    lr: float = 4e-3


def synthesise(n, cfg, gen, templates):
    x = torch.randn(n, cfg.frames, cfg.channels, generator=gen)
    waves = torch.rand(n, cfg.frames, 1, generator=gen) < 0.2
    x = x * torch.where(waves, 3.0, 0.7)
    y = torch.randint(cfg.classes, (n,), generator=gen)
    length = templates.shape[1]
    start = torch.randint(0, cfg.frames - length, (n,), generator=gen)
    for i in range(n):
        x[i, start[i]:start[i] + length] += templates[y[i]]
    return x, y


class AttentionPool(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, heads))

    def forward(self, h):                      # h: batch, time, width
        weights = torch.softmax(self.score(h), dim=-1)
        pooled = torch.einsum("bth,btw->bhw", weights, h)
        return pooled.flatten(1)


class CallNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.conv = nn.Conv1d(cfg.channels, cfg.width, kernel_size=3, padding=1)
        self.pool = AttentionPool(cfg.width, cfg.heads)
        self.norm = nn.LayerNorm(cfg.width * cfg.heads)
        self.head = nn.Linear(cfg.width * cfg.heads, cfg.classes)

    def forward(self, x):
        h = F.gelu(self.conv(x.transpose(1, 2))).transpose(1, 2)
        return self.head(self.norm(self.pool(h)))


def main(cfg):
    torch.manual_seed(3)
    gen = torch.Generator().manual_seed(31)
    templates = 1.5 * torch.randn(cfg.classes, 4, cfg.channels, generator=gen)
    xtr, ytr = synthesise(cfg.n_train, cfg, gen, templates)
    xte, yte = synthesise(cfg.n_test, cfg, gen, templates)
    model = CallNet(cfg)
    opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=0.01)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs)
    for epoch in range(cfg.epochs):
        model.train()
        running = 0.0
        order = torch.randperm(cfg.n_train)
        for i in range(0, cfg.n_train, cfg.batch):
            idx = order[i:i + cfg.batch]
            loss = F.cross_entropy(model(xtr[idx]), ytr[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            running += loss.item()
        sched.step()
        model.eval()
        with torch.no_grad():
            logits = model(xte)
            vloss = F.cross_entropy(logits, yte).item()
            acc = (logits.argmax(1) == yte).float().mean().item()
        print(f"[{epoch:02d}] loss {running / math.ceil(cfg.n_train / cfg.batch):.3f} | test loss {vloss:.3f} acc {acc:.3f}")
    print("final test accuracy:", round(acc, 4))


if __name__ == "__main__":
    main(Config())
