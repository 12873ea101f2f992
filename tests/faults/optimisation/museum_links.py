"""Completing a museum's knowledge graph with TransE (head + relation = tail)."""
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

OBJECTS, RELATIONS, DIM = 300, 10, 12


def catalogue(seed=10):
    """Objects lie in a hidden space; a relation points from one region to another."""
    r = np.random.default_rng(seed)
    place = r.uniform(-1, 1, (OBJECTS, 3))
    offset = r.normal(0, 0.6, (RELATIONS, 3))
    triples = set()
    for _ in range(16000):
        h, k = r.integers(OBJECTS), r.integers(RELATIONS)
        aim = place[h] + offset[k] + r.normal(0, 0.05, 3)
        dist = ((place - aim) ** 2).sum(1)
        t = int(np.argmin(dist))
        if dist[t] < 0.15 and t != h:
            triples.add((int(h), int(k), t))
    triples = np.array(sorted(triples))
    return torch.tensor(r.permutation(triples))


class TransE(nn.Module):
    def __init__(self):
        super().__init__()
        self.ent = nn.Embedding(OBJECTS, DIM)
        self.rel = nn.Embedding(RELATIONS, DIM)
        bound = 6 / DIM ** 0.5
        nn.init.uniform_(self.ent.weight, -bound, bound)
        nn.init.uniform_(self.rel.weight, -bound, bound)

    def distance(self, h, r, t):
        return (self.ent(h) + self.rel(r) - self.ent(t)).norm(dim=-1)

    def all_tails(self, h, r):
        return torch.cdist(self.ent(h) + self.rel(r), self.ent.weight)


def corrupt(trip, k=8):
    """Margin ranking: replace the head or the tail by a random object."""
    h, r, t = (c.unsqueeze(1).repeat(1, k) for c in trip.unbind(1))
    other = torch.randint(OBJECTS, h.shape)
    swap = torch.rand(h.shape) < 0.5
    return torch.where(swap, other, h), r, torch.where(swap, t, other)


def margin_loss(model, trip, margin=1.0):
    good = model.distance(*trip.unbind(1)).unsqueeze(1)
    bad = model.distance(*corrupt(trip))
    return F.relu(margin + good - bad).mean()


@torch.no_grad()
def hits(model, trip, known, k=10):
    d = model.all_tails(trip[:, 0], trip[:, 1])
    right = d.gather(1, trip[:, 2:])
    closer = d < right
    for row, (h, r, _) in enumerate(trip.tolist()):
        closer[row, known[(h, r)]] = False
    return (closer.sum(1) < k).float().mean().item()


torch.manual_seed(10)
trip = catalogue()
n_val = 500
val, train = trip[:n_val], trip[n_val:]
known = {}
for h, r, t in trip.tolist():
    known.setdefault((h, r), []).append(t)
print(len(train), "triples to learn from,", n_val, "hidden")

model = TransE()
opt = torch.optim.Adam(model.parameters(), lr=0.03)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, mode="max", factor=0.3, patience=2, min_lr=1e-6)

for epoch in range(1, 61):
    total = 0.0
    for batch in train[torch.randperm(len(train))].split(200):
        loss = margin_loss(model, batch)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(batch)
    with torch.no_grad():
        val_loss = margin_loss(model, val).item()
    plateau.step(val_loss)
    if epoch % 5 == 0:
        print(f"epoch {epoch}: margin loss {total / len(train):.4f} (hidden {val_loss:.4f}), hits@10 {hits(model, val, known):.3f}, lr {opt.param_groups[0]['lr']:.1e}")

print(f"hits@10 on hidden triples {hits(model, val, known):.4f}")
