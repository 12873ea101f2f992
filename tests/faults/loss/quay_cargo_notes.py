"""Route cargo manifests to one of twelve warehouses from the free-text description."""
import argparse
import random

import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=8)
parser.add_argument("--lr", type=float, default=0.15)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--seed", type=int, default=7)
args = parser.parse_args()

random.seed(args.seed)
torch.manual_seed(args.seed)

N_DEPOTS, VOCAB, LENGTH = 12, 400, 24


def write_note(depot):
    words = []
    for _ in range(LENGTH):
        r = random.random()
        if r < 0.30:
            words.append(depot * 20 + random.randrange(20))
        elif r < 0.40:
            words.append(((depot + random.choice([1, 2, 3])) % N_DEPOTS) * 20 + random.randrange(20))
        else:
            words.append(random.randrange(VOCAB))
    return words


def make_corpus(n):
    depots = [random.randrange(N_DEPOTS) for _ in range(n)]
    return torch.tensor([write_note(d) for d in depots]), torch.tensor(depots)


class NoteRouter(nn.Module):
    def __init__(self, dim=32, hidden=48):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, dim)
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, N_DEPOTS)

    def forward(self, tokens):
        x = self.embed(tokens).mean(1) * LENGTH ** 0.5
        x = F.relu(self.fc1(x))
        return F.softmax(self.fc2(x), dim=1)


train_x, train_y = make_corpus(7000)
test_x, test_y = make_corpus(1500)

model = NoteRouter()
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
criterion = nn.NLLLoss()

for epoch in range(1, args.epochs + 1):
    model.train()
    order = torch.randperm(len(train_x))
    total = 0.0
    for i in range(0, len(order), args.batch_size):
        idx = order[i:i + args.batch_size]
        optimizer.zero_grad()
        loss = criterion(model(train_x[idx]), train_y[idx])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        out = model(test_x)
        acc = (out.argmax(1) == test_y).float().mean().item()
        test_loss = criterion(out, test_y).item()
    print(f"epoch {epoch:2d} loss {total / len(order):.4f} test loss {test_loss:.4f} acc {acc:.4f}")

print(f"test accuracy {acc:.4f}")
