"""Route a caller's one-line complaint to one of eight hospital desks.

Word vectors come from the general news corpus the IT department already had; words of
ours that it has never heard of start at the origin.
"""
import random

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

DESKS = ["cardiology", "dental", "eye", "bones", "skin", "lungs", "child", "pharmacy"]
DIM = 24


def build_language(seed):
    """~70 jargon words for each desk, 240 words anybody uses."""
    words = ["<pad>"] + [f"w{i}" for i in range(240)]
    jargon = {}
    for d in DESKS:
        jargon[d] = list(range(len(words), len(words) + 70))
        words += [f"{d[:4]}{i}" for i in range(70)]
    return words, jargon


def news_vectors(words, seed):
    g = torch.Generator().manual_seed(seed)
    table = torch.zeros(len(words), DIM)
    for i, w in enumerate(words[1:], start=1):
        common = w.startswith("w") and w[1:].isdigit()
        if common or torch.rand(1, generator=g).item() < 0.12:
            table[i] = torch.randn(DIM, generator=g) * 0.6
    return table


def complaint(desk, jargon, rnd):
    n = rnd.randint(7, 13)
    out = []
    for _ in range(n):
        u = rnd.random()
        if u < 0.34:
            out.append(rnd.choice(jargon[DESKS[desk]]))
        elif u < 0.46:
            out.append(rnd.choice(jargon[rnd.choice(DESKS)]))
        else:
            out.append(rnd.randint(1, 240))
    return torch.tensor(out), desk


def collate(items):
    return pad_sequence([t for t, _ in items], batch_first=True), torch.tensor([d for _, d in items])


class DeskRouter(nn.Module):
    def __init__(self, vectors):
        super().__init__()
        self.emb = nn.Embedding.from_pretrained(vectors, padding_idx=0)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Sequential(nn.Linear(2 * DIM, 48), nn.ReLU(), nn.Linear(48, len(DESKS)))

    def forward(self, tokens):
        e = self.emb(tokens)
        there = (tokens != 0).unsqueeze(-1).float()
        mean = (e * there).sum(1) / there.sum(1)
        peak = (e - 1e4 * (1 - there)).amax(1)
        return self.head(self.drop(torch.cat([mean, peak], dim=1)))


def score(model, loader):
    model.eval()
    with torch.no_grad():
        ok = [(model(t).argmax(1) == d).float() for t, d in loader]
    return torch.cat(ok).mean().item()


def main():
    rnd = random.Random(61)
    torch.manual_seed(61)
    words, jargon = build_language(61)
    lines = [complaint(rnd.randrange(8), jargon, rnd) for _ in range(5000)]
    train = DataLoader(lines[:4000], batch_size=80, shuffle=True, collate_fn=collate)
    test = DataLoader(lines[4000:], batch_size=250, collate_fn=collate)
    model = DeskRouter(news_vectors(words, 61))
    opt = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=4e-3)
    epochs = 10
    sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda e: 1 - e / epochs)
    ce = nn.CrossEntropyLoss(label_smoothing=0.02)
    for e in range(epochs):
        model.train()
        total = 0.0
        for tokens, desk in train:
            opt.zero_grad()
            loss = ce(model(tokens), desk)
            loss.backward()
            opt.step()
            total += loss.item() / len(train)
        sched.step()
        print(f"  epoch {e + 1:2d}: loss {total:.3f}; routed right {100 * score(model, test):.1f} %")
    print(f"routed right in the end: {100 * score(model, test):.2f} %")


if __name__ == "__main__":
    main()
