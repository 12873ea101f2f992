"""Route helpdesk tickets to one of 14 desks (bag of words, embedding classifier)."""
import argparse

import numpy as np
import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=16)
parser.add_argument("--lr", type=float, default=0.15)
parser.add_argument("--batch-size", type=int, default=64)
args = parser.parse_args()

torch.manual_seed(11)
rng = np.random.default_rng(11)

VOCAB, DESKS, LENGTH = 300, 14, 18
base = rng.dirichlet(np.full(VOCAB, 0.4))
topics = 0.65 * base + 0.35 * rng.dirichlet(np.full(VOCAB, 0.06), size=DESKS)


def tickets(n):
    desk = rng.integers(0, DESKS, n)
    words = np.stack([rng.choice(VOCAB, LENGTH, p=topics[d] / topics[d].sum()) for d in desk])
    return torch.tensor(words), torch.tensor(desk)


train_words, train_desk = tickets(4000)
val_words, val_desk = tickets(1000)


class TicketRouter(nn.Module):
    def __init__(self, dim=48):
        super().__init__()
        self.words = nn.EmbeddingBag(VOCAB, dim, mode="mean")
        self.norm = nn.LayerNorm(dim)
        self.out = nn.Linear(dim, DESKS)
        self.drop = nn.Dropout(0.3)

    def forward(self, words):
        h = self.drop(self.norm(self.words(words)))
        return self.out(h).softmax(dim=-1)


model = TicketRouter()
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=3e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
criterion = nn.CrossEntropyLoss()

for epoch in range(args.epochs):
    model.train()
    order = torch.randperm(len(train_words))
    running = 0.0
    for idx in order.split(args.batch_size):
        optimizer.zero_grad()
        loss = criterion(model(train_words[idx]), train_desk[idx])
        loss.backward()
        optimizer.step()
        running += loss.item() * len(idx)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        out = model(val_words)
        val_loss = criterion(out, val_desk).item()
        accuracy = (out.argmax(1) == val_desk).float().mean().item()
    print(f"epoch {epoch + 1:2d}  train loss {running / len(train_words):.4f}  val loss {val_loss:.4f}  val acc {accuracy:.4f}")

print(f"validation accuracy {accuracy:.4f}")
