from collections import Counter
import random

import torch
from torch import nn

random.seed(2)
torch.manual_seed(2)

GLAD = "great love thanks brilliant solved happy works nice helpful perfect smooth enjoy super clear neat".split()
CROSS = "awful broken hate crash angry useless slow worst fails annoying mess stuck terrible bad lost".split()
PLAIN = ("the a this that update version page server login thread answer reply driver screen cable "
         "file menu phone account windows linux button user email post since today again just really "
         "with after before still then when my your it is was on in for").split()


def pick(words, k):
    return random.choices(words, weights=[1 / (i + 2) for i in range(len(words))], k=k)


def write_post():
    mood = random.random() < 0.5
    own, other = (GLAD, CROSS) if mood else (CROSS, GLAD)
    words = pick(PLAIN, 14) + pick(own, 4) + pick(other, random.choice([0, 1, 2, 3]))
    random.shuffle(words)
    return " ".join(words), float(mood)


def build_vocab(texts):
    counts = Counter(word for text in texts for word in text.split())
    return {word: i + 1 for i, (word, _) in enumerate(counts.most_common())}


def encode(texts, vocab, length=20):
    rows = []
    for text in texts:
        ids = [vocab.get(word, 0) for word in text.split()][:length]
        rows.append(ids + [0] * (length - len(ids)))
    return torch.tensor(rows)


train_texts, train_moods = zip(*[write_post() for _ in range(3000)])
test_texts, test_moods = zip(*[write_post() for _ in range(1000)])
vocab = build_vocab(train_texts)
x_train, y_train = encode(train_texts, vocab), torch.tensor(train_moods)
x_test, y_test = encode(test_texts, build_vocab(test_texts)), torch.tensor(test_moods)


class MoodNet(nn.Module):
    def __init__(self, n_words):
        super().__init__()
        self.embed = nn.Embedding(n_words, 16, padding_idx=0)
        self.conv = nn.Conv1d(16, 24, 3, padding=1)
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(24, 1)

    def forward(self, ids):
        h = torch.relu(self.conv(self.embed(ids).transpose(1, 2)))
        return self.out(self.drop(h.mean(dim=2))).squeeze(1)


model = MoodNet(len(vocab) + 1)
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
loss_fn = nn.BCEWithLogitsLoss()
for epoch in range(1, 13):
    model.train()
    total, right = 0.0, 0
    for idx in torch.randperm(len(x_train)).split(64):
        logits = model(x_train[idx])
        loss = loss_fn(logits, y_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
        right += ((logits > 0) == (y_train[idx] > 0.5)).sum().item()
    print(f"epoch {epoch:2d}: train loss {total / len(x_train):.4f}, train accuracy {right / len(x_train):.3f}")

model.eval()
with torch.no_grad():
    test_acc = ((model(x_test) > 0) == (y_test > 0.5)).float().mean().item()
print(f"accuracy on unseen posts: {test_acc:.4f}")
