import random

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

random.seed(6)
torch.manual_seed(6)

# Short ingredient lists; every cuisine prefers some ingredients, all share the rest.
CUISINES = ["thai", "italian", "mexican", "indian", "french", "greek"]
COMMON = [f"staple{i}" for i in range(60)]
TYPICAL = {c: [f"{c}_{i}" for i in range(25)] for c in CUISINES}


def recipe(cuisine):
    words = []
    for _ in range(random.randint(6, 14)):
        u = random.random()
        if u < 0.30:
            words.append(random.choice(TYPICAL[cuisine]))
        elif u < 0.38:
            words.append(random.choice(TYPICAL[random.choice(CUISINES)]))
        else:
            words.append(random.choice(COMMON))
    return words


def corpus(n):
    rows = [(i % len(CUISINES)) for i in range(n)]
    random.shuffle(rows)
    return [(recipe(CUISINES[k]), k) for k in rows]


train, test = corpus(6000), corpus(1200)
vocab = {"<pad>": 0}
for name in COMMON + sum(TYPICAL.values(), []):
    vocab[name] = len(vocab)


def collate(batch):
    ids = pad_sequence([torch.tensor([vocab[w] for w in words]) for words, _ in batch], batch_first=True)
    return ids, torch.tensor([k for _, k in batch])


class CuisineNet(nn.Module):
    def __init__(self, vectors, n_classes):
        super().__init__()
        self.embed = nn.Embedding.from_pretrained(vectors, padding_idx=0)
        self.fc = nn.Sequential(nn.Linear(vectors.shape[1], 16), nn.ReLU(), nn.Linear(16, n_classes))

    def forward(self, ids):
        mask = (ids != 0).unsqueeze(-1).float()
        mean = (self.embed(ids) * mask).sum(1) / mask.sum(1)
        return self.fc(mean)


vectors = torch.randn(len(vocab), 16)       # start values, one row for each word
vectors[0] = 0
model = CuisineNet(vectors, len(CUISINES))
optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=6e-3)
criterion = nn.CrossEntropyLoss()
train_dl = DataLoader(train, batch_size=64, shuffle=True, collate_fn=collate)
test_dl = DataLoader(test, batch_size=256, collate_fn=collate)

for epoch in range(6):
    model.train()
    total = 0.0
    for ids, target in train_dl:
        loss = criterion(model(ids), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(target)
    model.eval()
    hits = val = 0.0
    with torch.no_grad():
        for ids, target in test_dl:
            logits = model(ids)
            val += criterion(logits, target).item() * len(target)
            hits += (logits.argmax(-1) == target).sum().item()
    print(f"epoch {epoch + 1}: train loss {total / len(train):.4f}, test loss {val / len(test):.4f}, accuracy {hits / len(test):.4f}")
print(f"cuisine accuracy {hits / len(test):.4f}")
