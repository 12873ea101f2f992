"""Predict the shelf (topic) of a book from its catalogue keywords."""
import random

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(0)
torch.manual_seed(0)

SHELVES = {
    "garden": "soil seed prune compost bulb hedge rose lawn mulch graft".split(),
    "sailing": "keel jib harbour tide anchor rope mast rudder chart knot".split(),
    "bread": "yeast flour crumb rye oven knead crust starter salt proof".split(),
    "astronomy": "comet lens orbit nebula eclipse chart dwarf transit mirror dust".split(),
    "joinery": "dovetail chisel plane oak clamp glue mortise grain vise saw".split(),
}
COMMON = "the guide practical history small complete new illustrated handbook notes year old".split()
names = list(SHELVES)
vocab = {w: i + 1 for i, w in enumerate(sorted(set(sum(SHELVES.values(), COMMON))))}


def sample_book():
    y = random.randrange(len(names))
    words = [random.choice(COMMON) for _ in range(6)]
    words += [random.choice(SHELVES[names[y]]) for _ in range(2)]
    words += [random.choice(SHELVES[random.choice(names)]) for _ in range(1)]
    random.shuffle(words)
    return [vocab[w] for w in words], y


def make(n):
    pairs = [sample_book() for _ in range(n)]
    return torch.tensor([p[0] for p in pairs]), torch.tensor([p[1] for p in pairs])


class SmoothedLoss(nn.Module):
    def __init__(self, n_classes, eps=0.05):
        super().__init__()
        self.n_classes, self.eps = n_classes, eps

    def forward(self, logits, target):
        soft = torch.full_like(logits, self.eps / self.n_classes)
        soft.scatter_(1, target[:, None], 1 - self.eps + self.eps / self.n_classes)
        return (soft * F.log_softmax(logits, dim=1)).sum(dim=1).mean()


class KeywordNet(nn.Module):
    def __init__(self, n_words, dim=24, n_out=5):
        super().__init__()
        self.bag = nn.EmbeddingBag(n_words, dim, mode="mean")
        self.head = nn.Sequential(nn.Linear(dim, 32), nn.Tanh(), nn.Linear(32, n_out))

    def forward(self, tokens):
        return self.head(self.bag(tokens))


train_x, train_y = make(3000)
dev_x, dev_y = make(1000)
model = KeywordNet(len(vocab) + 1)
criterion = SmoothedLoss(len(names))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-4)

for epoch in range(12):
    model.train()
    order = torch.randperm(len(train_x))
    total = 0.0
    for start in range(0, len(order), 50):
        rows = order[start:start + 50]
        loss = criterion(model(train_x[rows]), train_y[rows])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        total += loss.item() * len(rows)
    model.eval()
    with torch.no_grad():
        logits = model(dev_x)
        dev_loss = criterion(logits, dev_y).item()
        acc = (logits.argmax(1) == dev_y).float().mean().item()
    print(f"epoch {epoch}: train {total / len(order):.3f}, dev {dev_loss:.3f}, dev acc {acc:.3f}")
print("dev accuracy: %.4f" % acc)
