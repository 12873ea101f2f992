"""Next book in a library-app session: GRU with the item table tied to the output."""
import math
from dataclasses import dataclass
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F


@dataclass
class Plan:
    books: int = 40
    length: int = 10
    sessions: int = 6000
    micro: int = 40
    gather: int = 2            # micro-batches per update
    epochs: int = 7
    peak: float = 1.2e-2
    warm: int = 40


def browse(plan, seed):
    """Readers drift along shelves: the next book depends on the last one and on the reader's mood."""
    r = np.random.default_rng(4)
    like = r.permuted(np.tile(np.arange(plan.books), (2, plan.books, 1)), axis=2)[:, :, :6]
    weight = np.array([0.38, 0.24, 0.14, 0.10, 0.08, 0.06])
    r = np.random.default_rng(seed)
    mood = r.integers(0, 2, plan.sessions)
    seq = np.zeros((plan.sessions, plan.length + 1), dtype=np.int64)
    seq[:, 0] = np.where(mood == 0, r.integers(0, plan.books // 2, plan.sessions), r.integers(plan.books // 2, plan.books, plan.sessions))
    for t in range(plan.length):
        pick = r.choice(6, plan.sessions, p=weight)
        seq[:, t + 1] = like[mood, seq[:, t], pick]
    return torch.from_numpy(seq), weight


class SessionGRU(nn.Module):
    def __init__(self, books, dim=64):
        super().__init__()
        self.item = nn.Embedding(books, dim)
        nn.init.normal_(self.item.weight, std=dim ** -0.5)
        self.gru = nn.GRU(dim, dim, batch_first=True)
        self.turn = nn.Linear(dim, dim)
        self.bias = nn.Parameter(torch.zeros(books))

    def forward(self, seq):
        h, _ = self.gru(self.item(seq))
        return F.linear(self.turn(h), self.item.weight, self.bias)


def evaluate(model, seq):
    model.eval()
    with torch.no_grad():
        out = model(seq[:, :-1])
        loss = F.cross_entropy(out.flatten(0, 1), seq[:, 1:].flatten()).item()
        hit = (out.topk(3, -1).indices == seq[:, 1:, None]).any(-1).float().mean().item()
    return loss, hit


def main():
    plan = Plan()
    torch.manual_seed(1)
    seq, weight = browse(plan, 100)
    held = browse(plan, 200)[0][:800]
    print(f"entropy of a reader's choice: {-(weight * np.log(weight)).sum():.3f} nats; best three cover {weight[:3].sum():.2f}")
    model = SessionGRU(plan.books)
    opt = torch.optim.Adam(model.parameters(), lr=plan.peak)
    updates = plan.epochs * len(seq) // (plan.micro * plan.gather)
    rate = lambda k: (k + 1) / plan.warm if k < plan.warm else 0.5 * (1 + math.cos(math.pi * (k - plan.warm) / (updates - plan.warm)))
    sched = torch.optim.lr_scheduler.LambdaLR(opt, rate)
    for epoch in range(plan.epochs):
        model.train()
        total = 0.0
        for i, rows in enumerate(torch.randperm(len(seq)).split(plan.micro), start=1):
            chunk = seq[rows]
            loss = F.cross_entropy(model(chunk[:, :-1]).flatten(0, 1), chunk[:, 1:].flatten())
            (loss / plan.gather).backward()
            total += loss.item() * len(rows)
            if i % plan.gather == 0:
                nn.utils.clip_grad_norm_(model.parameters(), 5.0)
                opt.step()
                sched.step()
                opt.zero_grad()
        val, hit = evaluate(model, held)
        print(f"epoch {epoch + 1}: {total / len(seq):.3f} nats, held-out {val:.3f} nats, hit@3 {hit:.3f}")
    print(f"hit@3 {hit:.4f}")


if __name__ == "__main__":
    main()
