import random
import numpy as np
import torch
import torch.nn as nn

random.seed(6)
np.random.seed(6)
torch.manual_seed(6)

TOPICS = ["school", "harvest", "wedding"]
WORDS = ["not", "never", "was", "it", "they", "said"] + [f"w{i}" for i in range(24)]
CUES = {0: ["w0", "w1", "w2"], 1: ["w3", "w4", "w5"], 2: ["w6", "w7", "w8"]}
stoi = {w: i + 1 for i, w in enumerate(WORDS)}


def write_thread():
    """a cue word names the topic; a 'not' or 'never' in front of it takes it back"""
    topic = random.randrange(3)
    other = random.choice([t for t in range(3) if t != topic])
    words = random.choices(WORDS[2:6] + WORDS[15:], k=random.randint(6, 14))
    spots = sorted(random.sample(range(len(words) + 1), 2))
    phrases = [[random.choice(CUES[topic])], [random.choice(WORDS[:2]), random.choice(CUES[other])]]
    random.shuffle(phrases)
    words[spots[1]:spots[1]] = phrases[1]
    words[spots[0]:spots[0]] = phrases[0]
    return [stoi[w] for w in words], topic


def batches(data, size, shuffle):
    if shuffle:
        data = random.sample(data, len(data))
    for i in range(0, len(data), size):
        part = data[i:i + size]
        lengths = [len(ids) for ids, _ in part]
        padded = torch.zeros(len(part), max(lengths), dtype=torch.long)
        for row, (ids, _) in enumerate(part):
            padded[row, :len(ids)] = torch.tensor(ids)
        yield padded, lengths, torch.tensor([t for _, t in part])


class ThreadReader(nn.Module):
    def __init__(self, vocab, emb=16, hidden=32):
        super().__init__()
        self.embed = nn.Embedding(vocab, emb, padding_idx=0)
        self.gru = nn.GRU(emb, hidden, batch_first=True)
        self.head = nn.Sequential(nn.Linear(hidden, 32), nn.ReLU(), nn.Linear(32, len(TOPICS)))

    def pool(self, states, lengths):
        rows = [s[:n].mean(0).tolist() for s, n in zip(states, lengths)]
        return torch.tensor(rows)

    def forward(self, ids, lengths):
        states, _ = self.gru(self.embed(ids))
        return self.head(self.pool(states, lengths))


threads = [write_thread() for _ in range(2000)]
train, valid = threads[:1500], threads[1500:]
model = ThreadReader(len(WORDS) + 1)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(10):
    model.train()
    losses = []
    for ids, lengths, topic in batches(train, 32, True):
        loss = criterion(model(ids, lengths), topic)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    model.eval()
    right, val_losses = 0, []
    with torch.no_grad():
        for ids, lengths, topic in batches(valid, 100, False):
            logits = model(ids, lengths)
            val_losses.append(criterion(logits, topic).item())
            right += (logits.argmax(1) == topic).sum().item()
    print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f} val_loss {np.mean(val_losses):.3f} val_acc {right / len(valid):.3f}")
print("valid accuracy", right / len(valid))
