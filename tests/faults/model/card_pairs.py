import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(19)
SUITS, RANKS, HAND, D = 4, 8, 5, 32


class HandAttention(nn.Module):
    """Single-head self-attention with hand-made projections."""

    def __init__(self, d):
        super().__init__()
        self.wq = nn.Parameter(torch.randn(d, d))
        self.wk = nn.Parameter(torch.randn(d, d))
        self.wv = nn.Parameter(torch.randn(d, d))
        self.scale = d ** -0.5

    def forward(self, x):
        q, k, v = x @ self.wq, x @ self.wk, x @ self.wv
        weights = F.softmax(q @ k.transpose(1, 2) * self.scale, dim=-1)
        return weights @ v


class HandScorer(nn.Module):
    """How many cards of the hand have a partner of the same rank in it? (0, 2, 3, 4 or 5)"""

    def __init__(self):
        super().__init__()
        self.suit = nn.Embedding(SUITS, D)
        self.rank = nn.Embedding(RANKS, D)
        self.norm1 = nn.LayerNorm(D)
        self.att = HandAttention(D)
        self.norm2 = nn.LayerNorm(D)
        self.ff = nn.Sequential(nn.Linear(D, 2 * D), nn.ReLU(), nn.Linear(2 * D, D))
        self.out = nn.Linear(D, HAND + 1)

    def forward(self, suits, ranks):
        x = self.suit(suits) + self.rank(ranks)
        x = x + self.att(self.norm1(x))
        x = x + self.ff(self.norm2(x))
        return self.out(x.mean(1))


def deal(n):
    deck = torch.rand(n, SUITS * RANKS).argsort(1)[:, :HAND]
    suits, ranks = deck // RANKS, deck % RANKS
    same = (ranks[:, :, None] == ranks[:, None, :]).sum(-1)
    return suits, ranks, (same > 1).sum(1)


def run(steps=900, batch_size=96, lr=8e-3, log_every=100):
    model = HandScorer()
    opt = torch.optim.Adam(model.parameters(), lr=lr, betas=(0.9, 0.98))
    anneal = torch.optim.lr_scheduler.LinearLR(opt, 1.0, 0.02, total_iters=steps)
    val = deal(2000)
    for step in range(1, steps + 1):
        suits, ranks, count = deal(batch_size)
        loss = F.cross_entropy(model(suits, ranks), count)
        opt.zero_grad()
        loss.backward()
        opt.step()
        anneal.step()
        if step % log_every == 0:
            model.eval()
            with torch.no_grad():
                acc = (model(*val[:2]).argmax(1) == val[2]).float().mean().item()
            model.train()
            print(f"step {step} loss {loss.item():.4f} held-out acc {acc:.4f}")
    return acc


print(f"accuracy on unseen hands: {run():.4f}")
