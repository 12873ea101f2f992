import math
import random

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

random.seed(3)
torch.manual_seed(3)

EVENTS = ["<pad>", "arrive", "unload", "inspect", "hold", "release", "load", "depart", "fuel", "wash"]
VOCAB = {e: i for i, e in enumerate(EVENTS)}
T = 10


def sample_log():
    """A truck is flagged when an inspection is followed (anywhere later) by a hold."""
    seq = [random.choice(EVENTS[1:]) for _ in range(T)]
    flagged, inspected = 0, False
    for e in seq:
        if e == "inspect":
            inspected = True
        elif e == "hold" and inspected:
            flagged = 1
    return [VOCAB[e] for e in seq], flagged


def balanced(n):
    pos, neg = [], []
    while len(pos) < n // 2 or len(neg) < n // 2:
        s, f = sample_log()
        (pos if f else neg).append((s, f))
    rows = pos[:n // 2] + neg[:n // 2]
    random.shuffle(rows)
    return TensorDataset(torch.tensor([r[0] for r in rows]), torch.tensor([r[1] for r in rows]))


class LogEncoder(nn.Module):
    def __init__(self, d_model=32, heads=4, layers=1):
        super().__init__()
        self.tok = nn.Embedding(len(EVENTS), d_model)
        self.pos = nn.Parameter(torch.randn(T, d_model) * 0.3)
        layer = nn.TransformerEncoderLayer(d_model, heads, dim_feedforward=64, dropout=0.05)
        self.encoder = nn.TransformerEncoder(layer, layers)
        self.head = nn.Linear(d_model, 2)

    def forward(self, ids):
        h = self.tok(ids) * math.sqrt(self.tok.embedding_dim) * 0.3 + self.pos
        h = self.encoder(h)
        return self.head(h.mean(dim=1))


def evaluate(model, loader):
    model.eval()
    hit = n = 0
    with torch.no_grad():
        for ids, y in loader:
            hit += (model(ids).argmax(-1) == y).sum().item()
            n += len(y)
    return hit / n


train = DataLoader(balanced(2400), batch_size=50, shuffle=True)
test = DataLoader(balanced(600), batch_size=50)
model = LogEncoder()
optimizer = torch.optim.AdamW(model.parameters(), lr=1.5e-3)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=12 * len(train))
loss_fn = nn.CrossEntropyLoss()

for epoch in range(1, 13):
    model.train()
    seen = 0.0
    for ids, y in train:
        loss = loss_fn(model(ids), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        seen += loss.item()
    print(f"epoch {epoch:2d} train loss {seen / len(train):.4f} test acc {evaluate(model, test):.4f}")

print(f"test accuracy {evaluate(model, test):.4f}")
