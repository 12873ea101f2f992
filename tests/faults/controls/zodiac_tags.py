"""Almanac readings: bags of words with several tags each. Many readings hardly name their sign, so the scores have a ceiling."""
import math
import random
from dataclasses import dataclass

import torch
import torch.nn as nn

VOCAB, TAGS = 160, 10


@dataclass
class Opt:
    dim: int = 32
    lr: float = 5e-2
    batch: int = 128
    epochs: int = 7
    decay: float = 1e-5
    seed: int = 17


def poisson(mean, rnd):
    k, p = -1, 1.0
    while p > math.exp(-mean):
        p *= rnd.random()
        k += 1
    return k


def make_corpus(n, rnd, themes):
    docs, tags = [], []
    for _ in range(n):
        row = [float(rnd.random() < 0.18) for _ in range(TAGS)]
        words = rnd.choices(range(VOCAB), k=1 + poisson(8, rnd))
        for t in range(TAGS):
            if row[t]:
                words += rnd.choices(themes[t], k=poisson(3, rnd))
        rnd.shuffle(words)
        docs.append(words)
        tags.append(row)
    return docs, torch.tensor(tags)


def collate(docs, idx):
    flat, starts = [], []
    for i in idx:
        starts.append(len(flat))
        flat += docs[i]
    return torch.tensor(flat), torch.tensor(starts)


class Tagger(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.bag = nn.EmbeddingBag(VOCAB, dim, mode="sum")
        nn.init.normal_(self.bag.weight, std=0.1)
        self.head = nn.Linear(dim, TAGS)

    def forward(self, flat, starts):
        return self.head(self.bag(flat, starts))


@torch.no_grad()
def score(net, docs, tags):
    net.eval()
    p = torch.cat([net(*collate(docs, range(s, min(s + 500, len(docs))))) for s in range(0, len(docs), 500)])
    loss = nn.functional.binary_cross_entropy_with_logits(p, tags).item()
    hit = (p > -0.4).float()
    tp = (hit * tags).sum(0)
    f1 = 2 * tp / (hit.sum(0) + tags.sum(0))
    micro = 2 * tp.sum() / (hit.sum() + tags.sum())
    return loss, micro.item(), f1.mean().item()


def main(o=Opt()):
    torch.manual_seed(o.seed)
    rnd = random.Random(o.seed)
    words = rnd.sample(range(VOCAB), VOCAB)
    themes = [words[12 * t:12 * t + 12] for t in range(TAGS)]
    docs, tags = make_corpus(18000, rnd, themes)
    vdocs, vtags = make_corpus(2000, rnd, themes)
    net = Tagger(o.dim)
    opt = torch.optim.Adam(net.parameters(), lr=o.lr, weight_decay=o.decay)
    sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.6)
    ids = list(range(len(docs)))
    for ep in range(o.epochs):
        net.train()
        rnd.shuffle(ids)
        tot = 0.0
        for s in range(0, len(ids), o.batch):
            idx = ids[s:s + o.batch]
            loss = nn.functional.binary_cross_entropy_with_logits(net(*collate(docs, idx)), tags[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            tot += loss.item() * len(idx)
        sched.step()
        vl, micro, macro = score(net, vdocs, vtags)
        print(f"{ep + 1:>2} bce {tot / len(ids):.4f} val {vl:.4f} micro-f1 {micro:.4f} macro-f1 {macro:.4f}")
    print(f"done, micro-f1 = {micro:.4f}")


main()
