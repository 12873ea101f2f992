import random
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pad_sequence

SEED = 13
random.seed(SEED)
torch.manual_seed(SEED)

WORDS = {
    "calm": "sleepy gentle quiet relaxed slow cuddly patient settled".split(),
    "lively": "bouncy fetch zoomies playful jumps sprint chews wrestles".split(),
    "nervous": "trembles hides flinches growls pacing whines startles cowers".split(),
    "ill": "cough limps vomits fever scratching lethargic discharge swollen".split(),
}
FILLER = [f"w{i:03d}" for i in range(150)]
LABELS = list(WORDS)
VOCAB = ["<pad>"] + sorted(w for ws in WORDS.values() for w in ws) + FILLER
INDEX = {w: i for i, w in enumerate(VOCAB)}


def note():
    label = random.choice(LABELS)
    words = random.choices(FILLER, k=random.randint(8, 16))
    words += random.choices(WORDS[label], k=2)
    if random.random() < 0.7:
        words.append(random.choice(WORDS[random.choice(LABELS)]))
    random.shuffle(words)
    return torch.tensor([INDEX[w] for w in words]), LABELS.index(label)


class NoteClassifier(nn.Module):
    def __init__(self, dim=12):
        super().__init__()
        table = torch.randn(len(VOCAB), dim) * 0.5
        table[0] = 0.0
        self.emb = nn.Embedding.from_pretrained(table, padding_idx=0)
        self.proj = nn.Linear(dim, 24)
        self.drop = nn.Dropout(0.2)
        self.cls = nn.Linear(24, len(LABELS))

    def forward(self, ids):
        mask = (ids != 0).unsqueeze(-1).float()
        h = (self.emb(ids) * mask).sum(1) / mask.sum(1).sqrt()
        return self.cls(self.drop(torch.relu(self.proj(h))))


def batches(rows, size, shuffle):
    rows = random.sample(rows, len(rows)) if shuffle else rows
    for i in range(0, len(rows), size):
        chunk = rows[i:i + size]
        yield pad_sequence([r[0] for r in chunk], batch_first=True), torch.tensor([r[1] for r in chunk])


def test(model, rows):
    model.eval()
    with torch.no_grad():
        hits = sum((model(ids).argmax(1) == y).sum().item() for ids, y in batches(rows, 100, False))
    return hits / len(rows)


train_rows = [note() for _ in range(3000)]
test_rows = [note() for _ in range(700)]
model = NoteClassifier()
optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=5e-3, weight_decay=1e-5)
for epoch in range(10):
    model.train()
    total = 0.0
    for ids, y in batches(train_rows, 32, True):
        loss = nn.functional.cross_entropy(model(ids), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
    print(f"epoch {epoch}: loss {total / len(train_rows):.3f}, test accuracy {test(model, test_rows):.3f}")
print("accuracy:", round(test(model, test_rows), 4))
