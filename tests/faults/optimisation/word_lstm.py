import random

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(5)
torch.manual_seed(5)
LETTERS = "abcdefgh"


def make_word():
    """Words whose class is the most frequent of the letters a, b and c (the earlier one when level)."""
    w = [random.randrange(8) for _ in range(10)]
    return w, max(range(3), key=w.count)


def build(n):
    seen, xs, ys = set(), [], []
    while len(xs) < n:
        w, label = make_word()
        if tuple(w) in seen:
            continue
        seen.add(tuple(w))
        xs.append(w)
        ys.append(label)
    return torch.tensor(xs), torch.tensor(ys)


class WordLSTM(nn.Module):
    def __init__(self, vocab, emb=12, hid=32, classes=3):
        super().__init__()
        self.embed = nn.Embedding(vocab, emb)
        self.lstm = nn.LSTM(emb, hid, batch_first=True)
        self.fc = nn.Linear(hid, classes)

    def forward(self, x):
        _, (h, _) = self.lstm(self.embed(x))
        return self.fc(h[-1])


X, Y = build(4000)
Xtr, Ytr, Xva, Yva = X[:3200], Y[:3200], X[3200:], Y[3200:]
model = WordLSTM(len(LETTERS))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.3)

for epoch in range(20):
    model.train()
    tot = 0
    for ids in torch.randperm(3200).split(64):
        loss = F.cross_entropy(model(Xtr[ids]), Ytr[ids])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tot += loss.item()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(Xva)
        vl = F.cross_entropy(logits, Yva).item()
        va = (logits.argmax(1) == Yva).float().mean().item()
    print(f"{epoch:3d}  train {tot / 50:.3f}  val {vl:.3f}  acc {va:.3f}")
print(f"best we got: acc {va:.3f}")
