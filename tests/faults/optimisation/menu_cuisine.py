import random

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

random.seed(6)
torch.manual_seed(6)

CUISINES = ["thai", "greek", "mexican", "polish", "ethiopian"]
VOCAB = 600
WORDS = list(range(1, VOCAB))
random.shuffle(WORDS)
TYPICAL = {c: WORDS[i * 80:(i + 1) * 80] for i, c in enumerate(CUISINES)}


def menu():
    c = random.choice(CUISINES)
    dish = [random.choice(TYPICAL[c]) if random.random() < 0.3 else random.choice(WORDS)
            for _ in range(random.randint(8, 20))]
    return torch.tensor(dish), CUISINES.index(c)


def collate(batch):
    tokens, labels = zip(*batch)
    return pad_sequence(tokens, batch_first=True), torch.tensor(labels)


class BagClassifier(nn.Module):
    def __init__(self, vectors, n_classes):
        super().__init__()
        self.embed = nn.Embedding.from_pretrained(vectors, padding_idx=0)
        self.fc = nn.Linear(vectors.shape[1], n_classes)

    def forward(self, tokens):
        mask = (tokens != 0).unsqueeze(-1)
        summed = (self.embed(tokens) * mask).sum(1)
        return self.fc(summed / mask.sum(1).sqrt())


train_data = [menu() for _ in range(6000)]
test_data = [menu() for _ in range(1000)]
train_loader = DataLoader(train_data, batch_size=64, shuffle=True, collate_fn=collate)
test_loader = DataLoader(test_data, batch_size=256, collate_fn=collate)

vectors = torch.randn(VOCAB, 24) * 0.3
model = BagClassifier(vectors, len(CUISINES))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()

for epoch in range(1, 7):
    model.train()
    seen, correct, total = 0, 0, 0.0
    for tokens, labels in train_loader:
        optimizer.zero_grad()
        out = model(tokens)
        loss = criterion(out, labels)
        loss.backward()
        optimizer.step()
        seen += len(labels)
        correct += (out.argmax(1) == labels).sum().item()
        total += loss.item() * len(labels)
    model.eval()
    with torch.no_grad():
        right = sum((model(t).argmax(1) == l).sum().item() for t, l in test_loader)
    print(f"epoch {epoch} | loss {total / seen:.3f} | train acc {correct / seen:.3f} | test acc {right / len(test_data):.4f}")
