"""Which of twenty styles does a short sequence of chord symbols belong to?"""
import argparse

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=6)
parser.add_argument("--lr", type=float, default=0.02)
parser.add_argument("--dim", type=int, default=32)
args = parser.parse_args()
torch.manual_seed(3)

VOCAB, LENGTH, GENRES = 30, 24, 20


def make_songs(n):
    trans = torch.distributions.Dirichlet(torch.full((VOCAB,), 0.25)).sample((GENRES,))
    common = torch.distributions.Dirichlet(torch.ones(VOCAB)).sample()
    genre = torch.arange(n) % GENRES
    probs = 0.6 * trans[genre] + 0.4 * common
    songs = torch.multinomial(probs, LENGTH, replacement=True)
    return songs, genre


class GenreNet(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, dim)
        self.pos = nn.Parameter(torch.randn(1, LENGTH, dim) * 0.02)
        layer = nn.TransformerEncoderLayer(dim, 4, 2 * dim, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1)
        self.head = nn.Linear(dim, GENRES)

    def forward(self, x):
        h = self.encoder(self.tok(x) + self.pos)
        logits = self.head(h.mean(dim=1))
        return torch.softmax(logits, dim=-1)


def evaluate(model, loader):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for x, y in loader:
            right += (model(x).argmax(1) == y).sum().item()
            total += len(y)
    return right / total


songs, genre = make_songs(5000)
train_set, test_set = random_split(TensorDataset(songs, genre), [4200, 800])
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
test_loader = DataLoader(test_set, batch_size=200)

model = GenreNet(args.dim)
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, nesterov=True)
criterion = nn.CrossEntropyLoss()

for epoch in range(1, args.epochs + 1):
    model.train()
    running = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(y)
    print(f"epoch {epoch:2d}  train loss {running / len(train_set):.4f}")

print(f"test accuracy: {evaluate(model, test_loader):.4f}")
