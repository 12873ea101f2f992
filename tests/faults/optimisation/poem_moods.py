"""Mood of a line of verse: bag of word vectors, then a small classifier."""
import random
import torch
import torch.nn as nn
from torch.utils.data import DataLoader

MOODS = ["joy", "grief", "anger", "calm", "dread"]
VOCAB = 400
DIM = 16


def make_corpus(n, seed, leaning):
    rnd = random.Random(seed)
    rows = []
    for _ in range(n):
        mood = rnd.randrange(len(MOODS))
        words = []
        for _ in range(rnd.randint(8, 16)):
            if rnd.random() < 0.45:
                words.append(rnd.choice(leaning[mood]))
            else:
                words.append(rnd.randrange(1, VOCAB))
        rows.append((words, mood))
    return rows


def collate(rows):
    longest = max(len(w) for w, _ in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    for i, (words, _) in enumerate(rows):
        ids[i, :len(words)] = torch.tensor(words)
    return ids, torch.tensor([m for _, m in rows])


class MoodClassifier(nn.Module):
    def __init__(self, vectors, n_classes):
        super().__init__()
        self.embed = nn.Embedding.from_pretrained(vectors, padding_idx=0)
        self.fc = nn.Linear(vectors.shape[1], n_classes)

    def forward(self, ids):
        mask = (ids != 0).unsqueeze(-1).float()
        mean = (self.embed(ids) * mask).sum(1) / mask.sum(1)
        return self.fc(mean)


def main(epochs=8, batch_size=32, lr=0.01):
    torch.manual_seed(14)
    rnd = random.Random(14)
    leaning = [rnd.sample(range(1, VOCAB), 60) for _ in MOODS]
    train = DataLoader(make_corpus(4000, 1, leaning), batch_size, shuffle=True, collate_fn=collate)
    test = DataLoader(make_corpus(1200, 2, leaning), 200, collate_fn=collate)

    vectors = torch.randn(VOCAB, DIM)
    model = MoodClassifier(vectors, len(MOODS))
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    criterion = nn.CrossEntropyLoss()

    for epoch in range(epochs):
        model.train()
        running = 0.0
        for ids, mood in train:
            loss = criterion(model(ids), mood)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            running += loss.item()
        scheduler.step()
        model.eval()
        correct, vloss = 0, 0.0
        with torch.no_grad():
            for ids, mood in test:
                out = model(ids)
                vloss += criterion(out, mood).item()
                correct += (out.argmax(1) == mood).sum().item()
        print(f"epoch {epoch:2d} | train {running / len(train):.3f} | test {vloss / len(test):.3f} | acc {correct / 1200:.3f}")
    print(f"accuracy on unseen verse: {correct / 1200:.4f}")


main()
