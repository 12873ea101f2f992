import random

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset

random.seed(6)
torch.manual_seed(6)

ROOMS = ["ceramics", "coins", "textiles", "arms", "prints", "clocks"]
SHARED = [f"word{i}" for i in range(220)]
OWN = {room: [f"{room[:3]}{i}" for i in range(45)] for room in ROOMS}


def caption(room):
    n = random.randint(6, 14)
    words = random.choices(SHARED, k=n)
    for _ in range(random.randint(1, 2)):
        words.insert(random.randrange(len(words)), random.choice(OWN[room]))
    if random.random() < 0.5:
        other = random.choice(ROOMS)
        words.append(random.choice(OWN[other][:15]))
    return words


vocab = {w: i + 1 for i, w in enumerate(SHARED + [w for room in ROOMS for w in OWN[room]])}


class Captions(Dataset):
    def __init__(self, n):
        self.items = []
        for i in range(n):
            k = i % len(ROOMS)
            self.items.append(([vocab[w] for w in caption(ROOMS[k])], k))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


def collate(batch):
    ids = pad_sequence([torch.tensor(words) for words, _ in batch], batch_first=True)
    return ids, torch.tensor([k for _, k in batch])


class CaptionClassifier(nn.Module):
    def __init__(self, vectors, n_classes, hidden=32):
        super().__init__()
        self.embed = nn.Embedding.from_pretrained(vectors, padding_idx=0)
        self.net = nn.Sequential(nn.Linear(vectors.size(1), hidden), nn.ReLU(), nn.Linear(hidden, n_classes))

    def forward(self, ids):
        mask = (ids > 0).float().unsqueeze(-1)
        mean = (self.embed(ids) * mask).sum(1) / mask.sum(1).sqrt()
        return self.net(mean)


def run_epoch(model, loader, loss_fn, optimizer=None):
    model.train(optimizer is not None)
    loss_sum = hits = count = 0
    with torch.set_grad_enabled(optimizer is not None):
        for ids, y in loader:
            out = model(ids)
            loss = loss_fn(out, y)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * len(y)
            hits += (out.argmax(1) == y).sum().item()
            count += len(y)
    return loss_sum / count, hits / count


train_loader = DataLoader(Captions(3600), batch_size=60, shuffle=True, collate_fn=collate)
valid_loader = DataLoader(Captions(900), batch_size=300, collate_fn=collate)
start = torch.randn(len(vocab) + 1, 40)
start[0] = 0
model = CaptionClassifier(start, len(ROOMS))
optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=8e-3)
loss_fn = nn.CrossEntropyLoss()
EPOCHS = 7
for epoch in range(EPOCHS):
    tr = run_epoch(model, train_loader, loss_fn, optimizer)
    va = run_epoch(model, valid_loader, loss_fn)
    print("epoch {:2d}  train {:.3f} ({:.1%})  valid {:.3f} ({:.1%})".format(epoch + 1, *tr, *va))
print("valid accuracy {:.4f}".format(va[1]))
