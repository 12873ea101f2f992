"""Which desk gets the message?  Byte-pair pieces -> averaged embeddings -> small net.

The town hall's messages (toy language) go to one of five desks.  Every training message was seen by three
clerks; `first` is what the first clerk clicked in the drop-down list, `agreed` what they settled on together.
"""
import random
from collections import Counter

import torch
import torch.nn as nn
import torch.nn.functional as F

DESKS = ["permits", "waste", "parks", "tax", "housing"]
STEMS = [["bild", "plann", "fasad", "skett"], ["binn", "kompo", "skrapp", "glas"], ["tree", "benk", "lawnn", "pond"],
         ["rebat", "invois", "ledg", "dutie"], ["tenan", "leese", "damp", "heet"]]
ENDS = ["er", "ing", "s", "ation", "ed", "ery", "ment", ""]
PLAIN = "the my for a please about when is not was with you have our this".split()


def message(desk, rng):
    words = [rng.choice(PLAIN) for _ in range(rng.randint(5, 9))]
    for _ in range(rng.randint(2, 4)):
        topic = desk if rng.random() < 0.8 else rng.randrange(len(DESKS))
        words.insert(rng.randrange(len(words) + 1), rng.choice(STEMS[topic]) + rng.choice(ENDS))
    return words


def learn_merges(words, count):
    spelt = {w: list(w) + ["_"] for w in words}
    merges = []
    for _ in range(count):
        pairs = Counter()
        for w, n in words.items():
            for a, b in zip(spelt[w], spelt[w][1:]):
                pairs[a, b] += n
        if not pairs:
            break
        best = pairs.most_common(1)[0][0]
        merges.append(best)
        spelt = {w: fuse(s, best) for w, s in spelt.items()}
    return merges, spelt


def fuse(symbols, pair):
    out, i = [], 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            out.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            out.append(symbols[i])
            i += 1
    return out


class Router(nn.Module):
    def __init__(self, pieces, desks, dim=16):
        super().__init__()
        self.bag = nn.EmbeddingBag(pieces, dim, mode="mean")
        self.norm = nn.LayerNorm(dim)
        self.net = nn.Sequential(nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, desks))

    def forward(self, flat, offsets):
        return self.net(self.norm(self.bag(flat, offsets)))


def bag_up(rows):
    offsets = torch.tensor([0] + [len(r) for r in rows[:-1]]).cumsum(0)
    return torch.tensor([p for r in rows for p in r]), offsets


def main():
    rng = random.Random(9)
    torch.manual_seed(9)
    agreed = [rng.randrange(len(DESKS)) for _ in range(4800)]
    texts = [message(d, rng) for d in agreed]
    first = [0 if rng.random() < 0.45 else rng.randrange(len(DESKS)) if rng.random() < 0.15 else d for d in agreed]
    merges, spelt = learn_merges(Counter(w for t in texts[:4200] for w in t), 120)

    def pieces(word):
        if word not in spelt:
            s = list(word) + ["_"]
            for pair in merges:
                s = fuse(s, pair)
            spelt[word] = s
        return spelt[word]

    table = {}
    rows = [[table.setdefault(p, len(table)) for w in t for p in pieces(w)] for t in texts]
    print(len(merges), "merges,", len(table), "pieces,", sum(map(len, rows)) / len(rows), "pieces per message")
    train_rows, train_y = rows[:4200], torch.tensor(first[:4200])
    test_bag, test_y = bag_up(rows[4200:]), torch.tensor(agreed[4200:])

    model = Router(len(table), len(DESKS))
    opt = torch.optim.Adam(model.parameters(), lr=4e-3, weight_decay=1e-4)
    for epoch in range(1, 8):
        order = torch.randperm(4200)
        cost = 0.0
        for idx in order.split(50):
            flat, offsets = bag_up([train_rows[i] for i in idx.tolist()])
            loss = F.cross_entropy(model(flat, offsets), train_y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            cost += loss.item() * len(idx) / 4200
        with torch.no_grad():
            logits = model(*test_bag)
        print(f"pass {epoch:>2}: cost {cost:.3f}; test cost {F.cross_entropy(logits, test_y):.3f}; "
              f"routed rightly {(logits.argmax(1) == test_y).float().mean():.3f}", flush=True)
    for k, name in enumerate(DESKS):
        print(f"   {name:8s} recall {(logits.argmax(1) == k)[test_y == k].float().mean():.2f}")
    print(f"routed rightly: {(logits.argmax(1) == test_y).float().mean():.4f}")


if __name__ == "__main__":
    main()
