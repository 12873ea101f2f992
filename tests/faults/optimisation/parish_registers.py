"""Transcribed parish register entries (word ids) -> kind of record."""
import random
import torch
import torch.nn as nn
import torch.nn.functional as F

VOCAB, KINDS, LENGTH, DIM = 400, 6, 14, 24


def entries(n, rng):
    topic_words = [list(range(1 + 40 * k, 41 + 40 * k)) for k in range(KINDS)]
    common = list(range(241, VOCAB))
    rows, kinds = [], []
    for _ in range(n):
        k = rng.randrange(KINDS)
        row = []
        for _ in range(LENGTH):
            r = rng.random()
            if r < 0.26:
                row.append(rng.choice(topic_words[k]))
            elif r < 0.38:
                row.append(rng.choice(topic_words[rng.randrange(KINDS)]))
            else:
                row.append(rng.choice(common))
        rows.append(row)
        kinds.append(k)
    return torch.tensor(rows), torch.tensor(kinds)


class RegisterClassifier(nn.Module):
    def __init__(self, vectors, hidden=32):
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(vectors)
        self.fc1 = nn.Linear(vectors.shape[1], hidden)
        self.drop = nn.Dropout(0.1)
        self.fc2 = nn.Linear(hidden, KINDS)

    def forward(self, ids):
        h = self.embedding(ids).mean(dim=1)
        return self.fc2(self.drop(F.relu(self.fc1(h))))


def starting_vectors():
    """Uniform start, as in the word2vec code."""
    return torch.empty(VOCAB, DIM).uniform_(-0.5, 0.5)


def epoch_pass(model, X, y, opt=None, batch=64):
    model.train(opt is not None)
    order = torch.randperm(len(X)) if opt else torch.arange(len(X))
    loss_sum = hits = 0.0
    for i in range(0, len(X), batch):
        idx = order[i:i + batch]
        with torch.set_grad_enabled(opt is not None):
            logits = model(X[idx])
            loss = F.cross_entropy(logits, y[idx])
        if opt:
            opt.zero_grad(set_to_none=True)
            loss.backward()
            opt.step()
        loss_sum += loss.item() * len(idx)
        hits += (logits.argmax(1) == y[idx]).sum().item()
    return loss_sum / len(X), hits / len(X)


random.seed(0)
torch.manual_seed(0)
rng = random.Random(12)
X_train, y_train = entries(16000, rng)
X_dev, y_dev = entries(1000, rng)
model = RegisterClassifier(starting_vectors())
optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=3e-3, weight_decay=1e-4)
for epoch in range(4):
    tr_loss, tr_acc = epoch_pass(model, X_train, y_train, optimizer)
    with torch.no_grad():
        dev_loss, dev_acc = epoch_pass(model, X_dev, y_dev)
    print(f"epoch {epoch}: train {tr_loss:.3f}/{tr_acc:.3f} dev {dev_loss:.3f}/{dev_acc:.3f}")
print(f"dev accuracy: {dev_acc:.4f}")
