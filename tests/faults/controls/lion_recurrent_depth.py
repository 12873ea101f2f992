"""One transformer block applied three times (shared weights), trained with a hand-written Lion optimiser."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim import Optimizer


class Lion(Optimizer):
    def __init__(self, params, lr=3e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_((b1 * m + (1 - b1) * p.grad).sign(), alpha=-group["lr"])
                m.mul_(b2).add_(p.grad, alpha=1 - b2)


class LoopedEncoder(nn.Module):
    def __init__(self, vocab=10, length=8, dim=32, loops=3):
        super().__init__()
        self.tok, self.pos = nn.Embedding(vocab, dim), nn.Parameter(0.1 * torch.randn(length, dim))
        self.block = nn.TransformerEncoderLayer(dim, 4, 64, dropout=0.0, batch_first=True, norm_first=True)
        self.norm, self.loops = nn.LayerNorm(dim), loops
        self.out = nn.Linear(dim, vocab)

    def forward(self, ids):
        h = self.tok(ids) + self.pos
        for _ in range(self.loops):
            h = self.block(h)
        return self.out(self.norm(h))


def sorting_batch(n, g):
    ids = torch.randint(0, 10, (n, 8), generator=g)
    return ids, ids.sort(dim=1).values


torch.manual_seed(23)
g = torch.Generator().manual_seed(23)
val_ids, val_sorted = sorting_batch(500, torch.Generator().manual_seed(24))
model = LoopedEncoder()
optimizer = Lion(model.parameters(), lr=1.2e-3, weight_decay=0.01)
STEPS, WARMUP = 650, 60
scheduler = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda s: min((s + 1) / WARMUP, max(0.0, (STEPS - s) / (STEPS - WARMUP))))
for step in range(1, STEPS + 1):
    ids, target = sorting_batch(64, g)
    loss = F.cross_entropy(model(ids).transpose(1, 2), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 50 == 0:
        model.eval()
        with torch.no_grad():
            acc = (model(val_ids).argmax(-1) == val_sorted).float().mean().item()
        model.train()
        print(f"step {step} loss {loss.item():.4f} token accuracy {acc:.4f}")
