import argparse
import random

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--lr", type=float, default=2e-3)
parser.add_argument("--dim", type=int, default=48)
parser.add_argument("--seed", type=int, default=7)
args = parser.parse_args()

random.seed(args.seed)
torch.manual_seed(args.seed)

DEPARTMENTS = ["billing", "delivery", "refund", "login", "damage", "warranty", "upgrade", "cancel", "privacy",
               "roaming", "outage", "speed", "router", "invoice", "contract", "fraud", "porting", "voicemail"]
SYL = ["ka", "lo", "mi", "ru", "te", "san", "vo", "pel", "dri", "nu", "gar", "sho"]


def make_word():
    return "".join(random.choice(SYL) for _ in range(random.randint(2, 3)))


COMMON = [make_word() for _ in range(150)]
TOPIC = {d: [d] + [make_word() for _ in range(11)] for d in DEPARTMENTS}


def make_complaint():
    label = random.randrange(len(DEPARTMENTS))
    n = random.randint(8, 18)
    words = [random.choice(TOPIC[DEPARTMENTS[label]]) if random.random() < 0.35 else random.choice(COMMON)
             for _ in range(n)]
    return words, label


class Complaints(Dataset):
    def __init__(self, rows, vocab, max_len=18):
        self.ids = torch.zeros(len(rows), max_len, dtype=torch.long)
        self.labels = torch.tensor([lab for _, lab in rows])
        for i, (words, _) in enumerate(rows):
            self.ids[i, :len(words)] = torch.tensor([vocab.get(w, 1) for w in words])

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.ids[i], self.labels[i]


class DeskRouter(nn.Module):
    def __init__(self, vocab_size, dim, classes):
        super().__init__()
        self.emb = nn.Embedding(vocab_size, dim, padding_idx=0)
        self.query = nn.Linear(dim, 1)
        self.norm = nn.LayerNorm(dim)
        self.hidden = nn.Linear(dim, 64)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(64, classes)

    def forward(self, ids):
        e = self.emb(ids)
        w = self.query(e).squeeze(-1).masked_fill(ids == 0, -1e9)
        a = F.softmax(w, dim=1)
        h = self.norm((a.unsqueeze(-1) * e).sum(1))
        h = self.drop(F.gelu(self.hidden(h)))
        return F.softmax(self.out(h), dim=1)


train_rows = [make_complaint() for _ in range(2500)]
val_rows = [make_complaint() for _ in range(600)]
vocab = {w: i + 2 for i, w in enumerate(sorted({w for words, _ in train_rows for w in words}))}
train_loader = DataLoader(Complaints(train_rows, vocab), batch_size=50, shuffle=True)
val_loader = DataLoader(Complaints(val_rows, vocab), batch_size=200)

model = DeskRouter(len(vocab) + 2, args.dim, len(DEPARTMENTS))
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
criterion = nn.CrossEntropyLoss()

for epoch in range(args.epochs):
    model.train()
    total = 0.0
    for ids, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(ids), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
    model.eval()
    hits, vloss = 0, 0.0
    with torch.no_grad():
        for ids, labels in val_loader:
            out = model(ids)
            vloss += criterion(out, labels).item() * len(labels)
            hits += (out.argmax(1) == labels).sum().item()
    print(f"epoch {epoch + 1}: train loss {total / len(train_rows):.3f} val loss {vloss / len(val_rows):.3f} "
          f"val acc {hits / len(val_rows):.3f}")
print(f"final accuracy {hits / len(val_rows):.4f}")
