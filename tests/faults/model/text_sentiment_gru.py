import random

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

random.seed(0)
torch.manual_seed(0)

GOOD = "good great fine lovely superb charming".split()
BAD = "bad awful dull dreadful poor boring".split()
PLAIN = "the a film plot cast music scene and with of was very so it this ending".split()
VOCAB = {w: i + 1 for i, w in enumerate(["not"] + GOOD + BAD + PLAIN)}


def review():
    label = random.randint(0, 1)
    words = random.choices(PLAIN, k=random.randint(4, 9))
    negate = random.random() < 0.4
    opinion = random.choice(GOOD if label != negate else BAD)
    at = random.randint(0, len(words))
    words[at:at] = ["not", opinion] if negate else [opinion]
    return torch.tensor([VOCAB[w] for w in words]), float(label)


def batchify(pairs):
    xs, ys = zip(*pairs)
    return pad_sequence(xs, batch_first=True), torch.tensor([len(x) for x in xs]), torch.tensor(ys)


class SentimentGRU(nn.Module):
    def __init__(self, vocab, dim=16, hidden=24):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim, padding_idx=0)
        self.gru = nn.GRU(dim, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x, lengths):
        states, _ = self.gru(self.emb(x))
        last = states[torch.arange(len(x)), lengths - 1]
        return self.out(last).squeeze(1)


train = [review() for _ in range(1200)]
test = batchify([review() for _ in range(300)])
model = SentimentGRU(len(VOCAB) + 1)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(3):
    random.shuffle(train)
    model.train()
    for i in range(0, len(train), 30):
        x, lengths, y = batchify(train[i : i + 30])
        optimizer.zero_grad()
        loss = criterion(model(x, lengths), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        scores = model(test[0], test[1])
        print(f"epoch {epoch + 1} val_loss {criterion(scores, test[2]):.4f} val_acc {((scores > 0) == test[2].bool()).float().mean():.4f}")
