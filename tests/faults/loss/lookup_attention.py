import argparse
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser(description="read pairs (name, value), then answer what value a name had")
parser.add_argument("--steps", type=int, default=700)
parser.add_argument("--pairs", type=int, default=8)
parser.add_argument("--questions", type=int, default=2)
parser.add_argument("--dim", type=int, default=48)
parser.add_argument("--lr", type=float, default=3e-3)
args = parser.parse_args()

torch.manual_seed(5)
N_NAMES, N_VALUES = 12, 8


def sample(batch):
    names = torch.rand(batch, N_NAMES).argsort(1)[:, :args.pairs]
    values = torch.randint(0, N_VALUES, (batch, args.pairs))
    order = torch.rand(batch, args.pairs).argsort(1)[:, :args.questions]
    ask = names.gather(1, order)
    return names, values, ask, values.gather(1, order)


class CrossAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, query, memory):
        q, k, v = self.q(query), self.k(memory), self.v(memory)
        scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])     # batch, query, memory
        weights = F.softmax(scores, dim=1)
        return self.out(weights @ v)


class Reader(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.name = nn.Embedding(N_NAMES, dim)
        self.value = nn.Embedding(N_VALUES, dim)
        self.attend = CrossAttention(dim)
        self.norm = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, N_VALUES))

    def forward(self, names, values, ask):
        memory = self.name(names) + self.value(values)
        query = self.name(ask)
        return self.mlp(self.norm(query + self.attend(query, memory)))


model = Reader(args.dim)
optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.01)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.steps)
for step in range(1, args.steps + 1):
    names, values, ask, answer = sample(64)
    logits = model(names, values, ask)
    loss = F.cross_entropy(logits.reshape(-1, N_VALUES), answer.reshape(-1))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    schedule.step()
    if step % 100 == 0:
        print(f"step {step} loss {loss.item():.4f} lr {schedule.get_last_lr()[0]:.5f}")

model.eval()
with torch.no_grad():
    names, values, ask, answer = sample(2000)
    accuracy = (model(names, values, ask).argmax(-1) == answer).float().mean().item()
print(f"answers right {accuracy:.4f}")
