# next-character model over generated "recipes"
import random

import torch
import torch.nn as nn

random.seed(1)
torch.manual_seed(1)

VERBS = ["stir", "bake", "chop", "boil", "fry", "mix"]
THINGS = ["rice", "beans", "onions", "bread", "carrots", "pasta"]
HOW = ["slowly", "well", "twice", "until soft"]
text = " ".join(f"{random.choice(VERBS)} the {random.choice(THINGS)} {random.choice(HOW)}." for _ in range(700))
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text])
split = int(0.85 * len(data))

CONTEXT = 6
BATCH = 128


def contexts(d):
    w = d.unfold(0, CONTEXT + 1, 1)
    return w[:, :-1], w[:, -1]


xtr, ytr = contexts(data[:split])
xva, yva = contexts(data[split:])


class CharMLP(nn.Module):
    def __init__(self, vocab, emb=10, hidden=64):
        super().__init__()
        self.emb = nn.Embedding(vocab, emb)
        self.net = nn.Sequential(nn.Linear(CONTEXT * emb, hidden), nn.Tanh(), nn.Linear(hidden, vocab))

    def forward(self, x):
        return self.net(self.emb(x).flatten(1))


net = CharMLP(len(chars))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)

for epoch in range(8):
    optimizer.zero_grad()
    total, batches = 0.0, 0
    for idx in torch.randperm(len(xtr)).split(BATCH):
        logits = net(xtr[idx])
        loss = loss_fn(logits, ytr[idx])
        loss.backward()
        optimizer.step()
        total += loss.item()
        batches += 1
    with torch.no_grad():
        val = loss_fn(net(xva), yva).item()
    print(f"epoch {epoch} train loss {total / batches:.4f} val loss {val:.4f}")
print(f"val loss after training: {val:.4f}")
