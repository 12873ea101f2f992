"""Tag every word of a shipping telex: O, quantity, goods, port or date."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

TAGS = ["O", "QTY", "GOODS", "PORT", "DATE"]
rng = np.random.default_rng(7)
torch.manual_seed(7)
WORDS = {
    "O": list(range(1, 40)),
    "QTY": list(range(40, 60)),
    "GOODS": list(range(60, 100)),
    "PORT": list(range(90, 125)),     # some words are goods and ports alike
    "DATE": list(range(50, 70)),      # and some are numbers, quantities or dates
}
FROM, TO, ON = 2, 3, 4
LENGTH = 16


def telex():
    words, tags = [], []
    while len(words) < LENGTH:
        kind = rng.choice(4)
        if kind == 0:
            filler = rng.integers(1, 4)
            words += list(rng.choice(WORDS["O"], filler)); tags += [0] * filler
        elif kind == 1:
            words += [rng.choice(WORDS["QTY"]), rng.choice(WORDS["GOODS"])]; tags += [1, 2]
        elif kind == 2:
            words += [rng.choice([FROM, TO]), rng.choice(WORDS["PORT"])]; tags += [0, 3]
        else:
            words += [ON, rng.choice(WORDS["DATE"]), rng.choice(WORDS["DATE"])]; tags += [0, 4, 4]
    return words[:LENGTH], tags[:LENGTH]


def corpus(n):
    words, tags = zip(*(telex() for _ in range(n)))
    return TensorDataset(torch.tensor(np.array(words)), torch.tensor(np.array(tags)))


class Tagger(nn.Module):
    def __init__(self, vocab=125, dim=20, hidden=24):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.lstm = nn.LSTM(dim, hidden, batch_first=True, bidirectional=True)
        self.tag = nn.Linear(2 * hidden, len(TAGS))

    def forward(self, words):
        return self.tag(self.lstm(self.embed(words))[0])


train_loader = DataLoader(corpus(1600), batch_size=32, shuffle=True)
test_loader = DataLoader(corpus(400), batch_size=100)
tagger = Tagger()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(tagger.parameters(), lr=1e-4)

for epoch in range(1, 11):
    tagger.train()
    total = 0.0
    for words, tags in train_loader:
        scores = tagger(words)
        loss = criterion(scores.flatten(0, 1), tags.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    tagger.eval()
    hits = np.zeros(len(TAGS)); counts = np.zeros(len(TAGS)); test_total = 0.0
    with torch.no_grad():
        for words, tags in test_loader:
            scores = tagger(words)
            test_total += criterion(scores.flatten(0, 1), tags.flatten()).item()
            right = scores.argmax(-1) == tags
            for k in range(len(TAGS)):
                hits[k] += right[tags == k].sum().item()
                counts[k] += (tags == k).sum().item()
    print(f"epoch {epoch:2d}  train {total / len(train_loader):.4f}  test {test_total / len(test_loader):.4f}  "
          + " ".join(f"{t}:{h / c:.2f}" for t, h, c in zip(TAGS, hits, counts)))
print(f"word accuracy: {hits.sum() / counts.sum():.4f}")
