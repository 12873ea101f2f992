import math

import torch
from torch import nn

torch.manual_seed(0)
N_CLASSES, STEPS, DIM = 8, 12, 32


class SelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.q = nn.Linear(dim, dim)
        self.k = nn.Linear(dim, dim)
        self.v = nn.Linear(dim, dim)
        self.scale = 1 / math.sqrt(dim)

    def forward(self, x):
        scores = torch.einsum("bqd,bkd->bqk", self.q(x), self.k(x)) * self.scale
        weights = scores.softmax(dim=0)
        return torch.einsum("bqk,bkd->bqd", weights, self.v(x))


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = SelfAttention(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Recall(nn.Module):
    """Reads (key, value) pairs, then a query key whose value may be blank; answers with that value."""

    def __init__(self):
        super().__init__()
        self.keys = nn.Embedding(STEPS, DIM)
        self.values = nn.Embedding(N_CLASSES + 1, DIM)
        self.block = Block(DIM)
        self.head = nn.Linear(DIM, N_CLASSES)

    def forward(self, keys, values):
        x = self.block(self.keys(keys) + self.values(values))
        return self.head(x[:, -1])


def make_data(n):
    keys = torch.rand(n, STEPS).argsort(1)[:, :4]
    values = torch.randint(0, N_CLASSES, (n, 4))
    ask = torch.randint(0, 4, (n, 1))
    answer = values.gather(1, ask)[:, 0]
    keys = torch.cat([keys, keys.gather(1, ask)], 1)
    known = torch.rand(n, 1) < 0.4
    shown = torch.where(known, answer[:, None], N_CLASSES)
    values = torch.cat([values, shown], 1)
    return keys, values, answer


model = Recall()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
loss_fn = nn.CrossEntropyLoss()
test_keys, test_values, test_answer = make_data(1000)
for step in range(1, 601):
    keys, values, answer = make_data(64)
    loss = loss_fn(model(keys, values), answer)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        with torch.no_grad():
            acc = (model(test_keys, test_values).argmax(1) == test_answer).float().mean()
        print(f"step {step}: loss {loss.item():.3f}, accuracy {acc:.3f}")
