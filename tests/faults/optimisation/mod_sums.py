"""Causal transformer that completes short strings of digits: a sum modulo ten, the larger digit, and the key."""
import random

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(1)
torch.manual_seed(1)
CHARS = "0123456789+=;"
stoi = {c: i for i, c in enumerate(CHARS)}
BLOCK = 8


def sample(n):
    """Rows like "37+5=273;"."""
    rows = []
    for _ in range(n):
        a, b = random.randint(0, 9), random.randint(0, 9)
        k = random.randint(0, 9)
        rows.append([stoi[c] for c in f"{k}{a}+{b}={(a + b) % 10}{max(a, b)}{k};"])
    return torch.tensor(rows)


class Decoder(nn.Module):
    def __init__(self, dim=48, heads=4, layers=2):
        super().__init__()
        self.tok = nn.Embedding(len(CHARS), dim)
        self.pos = nn.Embedding(BLOCK, dim)
        self.layers = nn.ModuleList([
            nn.TransformerEncoderLayer(dim, heads, 4 * dim, dropout=0.0, batch_first=True) for _ in range(layers)])
        self.out = nn.Linear(dim, len(CHARS))

    def forward(self, idx):
        t = idx.shape[1]
        x = self.tok(idx) + self.pos(torch.arange(t))
        mask = nn.Transformer.generate_square_subsequent_mask(t)
        for layer in self.layers:
            x = layer(x, src_mask=mask, is_causal=True)
        return self.out(x)


class Trainer:
    def __init__(self, model, lr, steps, batch=64):
        self.model, self.steps, self.batch = model, steps, batch
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)

    def loss(self, rows):
        logits = self.model(rows[:, :-1])
        answer = logits[:, 4:]
        return F.cross_entropy(answer.reshape(-1, len(CHARS)), rows[:, 5:].reshape(-1))

    def fit(self, rows):
        self.model.train()
        for step in range(self.steps):
            batch = rows[torch.randint(len(rows), (self.batch,))]
            loss = self.loss(batch)
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            if step % 100 == 0:
                print(f"step {step:4d} loss {loss.item():.4f}")

    @torch.no_grad()
    def accuracy(self, rows):
        self.model.eval()
        pred = self.model(rows[:, :-1]).argmax(-1)
        return (pred[:, 4:] == rows[:, 5:]).all(1).float().mean().item()


rows = torch.unique(sample(4000), dim=0)
rows = rows[torch.randperm(len(rows))]
test, train = rows[:150], rows[150:]
trainer = Trainer(Decoder(), lr=2e-2, steps=500)
trainer.fit(train)
print(f"exact answers on held-out sums: {trainer.accuracy(test):.4f}")
