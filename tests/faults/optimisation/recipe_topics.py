"""Cuisine from the ingredient list: averaged word vectors and a softmax layer."""
import random
import torch
import torch.nn as nn
from torch.utils.data import DataLoader

random.seed(9)
torch.manual_seed(9)
VOCAB, CUISINES, DIM, EPOCHS = 600, 8, 24, 12
signature = {c: random.sample(range(VOCAB), 45) for c in range(CUISINES)}


def recipe():
    c = random.randrange(CUISINES)
    n = random.randint(8, 16)
    words = [random.choice(signature[c]) if random.random() < 0.42 else random.randrange(VOCAB) for _ in range(n)]
    return words, c


def collate(batch):
    words = [torch.tensor(w) for w, _ in batch]
    offsets = torch.tensor([0] + [len(w) for w in words[:-1]]).cumsum(0)
    return torch.cat(words), offsets, torch.tensor([c for _, c in batch])


class RecipeClassifier(nn.Module):
    def __init__(self, vectors):
        super().__init__()
        self.embedding = nn.EmbeddingBag.from_pretrained(vectors, mode="mean")
        self.dropout = nn.Dropout(0.3)
        self.fc = nn.Linear(vectors.size(1), CUISINES)

    def forward(self, words, offsets):
        return self.fc(self.dropout(self.embedding(words, offsets)))


train_data = [recipe() for _ in range(4000)]
valid_data = [recipe() for _ in range(800)]
train_loader = DataLoader(train_data, batch_size=64, shuffle=True, collate_fn=collate)
valid_loader = DataLoader(valid_data, batch_size=200, collate_fn=collate)

vectors = torch.randn(VOCAB, DIM)
model = RecipeClassifier(vectors)
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
loss_fn = nn.CrossEntropyLoss()


def evaluate():
    model.eval()
    loss = right = 0.0
    with torch.no_grad():
        for words, offsets, target in valid_loader:
            scores = model(words, offsets)
            loss += loss_fn(scores, target).item() * len(target)
            right += (scores.argmax(1) == target).sum().item()
    return loss / len(valid_data), right / len(valid_data)


for epoch in range(1, EPOCHS + 1):
    model.train()
    total = 0.0
    for words, offsets, target in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(words, offsets), target)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(target)
    val_loss, val_acc = evaluate()
    print(f"epoch {epoch:2d} train loss {total / len(train_data):.3f} valid loss {val_loss:.3f} valid accuracy {val_acc:.4f}")
