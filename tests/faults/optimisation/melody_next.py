"""Next-note prediction for generated folk tunes; LSTM trained by SGD."""
import argparse
import random

import torch
from torch import nn

SCALE = list(range(12))
MOTIFS = [[0, 2, 4, 7], [7, 5, 4, 2], [4, 4, 7, 9], [11, 9, 7, 4], [2, 5, 9, 5], [9, 11, 0, 2]]
FOLLOW = {0: [1, 2], 1: [0, 4], 2: [3, 5], 3: [4, 1], 4: [5, 0], 5: [2, 3]}


def tune(rng, bars=8):
    m, notes = rng.randrange(6), []
    for _ in range(bars):
        notes += [n if rng.random() > 0.04 else rng.choice(SCALE) for n in MOTIFS[m]]
        m = FOLLOW[m][0] if rng.random() < 0.85 else FOLLOW[m][1]
    return notes


class NoteLSTM(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embedding = nn.Embedding(12, 16)
        self.lstm = nn.LSTM(16, hidden, batch_first=True)
        self.proj = nn.Linear(hidden, 12)

    def forward(self, notes):
        return self.proj(self.lstm(self.embedding(notes))[0])


def evaluate(model, data):
    model.eval()
    with torch.no_grad():
        logits = model(data[:, :-1])
    hit = (logits.argmax(-1) == data[:, 1:]).float().mean().item()
    return nn.functional.cross_entropy(logits.flatten(0, 1), data[:, 1:].flatten()).item(), hit


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--hidden", type=int, default=48)
    p.add_argument("--lr", type=float, default=0.5)
    p.add_argument("--clip", type=float, default=0.005)
    p.add_argument("--epochs", type=int, default=10)
    a = p.parse_args()
    torch.manual_seed(13)
    rng = random.Random(13)
    tunes = torch.tensor([tune(rng) for _ in range(1500)])
    train, valid = tunes[:1250], tunes[1250:]
    model = NoteLSTM(a.hidden)
    optimizer = torch.optim.SGD(model.parameters(), lr=a.lr, momentum=0.9)
    for epoch in range(a.epochs):
        model.train()
        for chunk in train[torch.randperm(len(train))].split(25):
            logits = model(chunk[:, :-1])
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), chunk[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=a.clip)
            optimizer.step()
        vl, va = evaluate(model, valid)
        print(f"epoch {epoch + 1}: train loss {loss.item():.3f} valid loss {vl:.4f} valid note accuracy {va:.4f}")


if __name__ == "__main__":
    main()
