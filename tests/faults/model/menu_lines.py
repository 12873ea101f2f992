"""Tagging the lines of scanned menus (dish, side, price, allergen mark, other) for a booking site."""
import random

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

TAGS = ["O", "DISH", "SIDE", "PRICE", "MARK"]
DISHES = "sole plaice lamb duck trout risotto gnocchi venison hake pigeon rabbit tart".split()
HOW = "roast grilled smoked braised poached potted".split()
SIDES = "peas chips leeks fennel beans lentils kale beetroot".split()
BOTH = "mushroom potato squash celeriac".split()          # a dish when something is done to it, else a side
FILL = "our chef's daily the house today's finest a little".split()
NUMBERS = [str(n) for n in range(6, 32)]
MARKS = "gf v df n".split()


def line(rng):
    out = [(w, 0) for w in rng.sample(FILL, rng.randint(0, 4))]
    if rng.random() < 0.8:
        out += [(rng.choice(HOW), 1), (rng.choice(DISHES + BOTH), 1)]
    else:
        out += [(rng.choice(DISHES), 1)]
    sides = rng.randint(0, 5)
    if sides:
        if rng.random() < 0.7:
            out.append(("with", 0))
        elif rng.random() < 0.4:                           # two mains on one line, the second one vegetarian
            out += [(rng.choice(HOW), 1), (rng.choice(BOTH), 1)]
        for s in range(sides):
            out += ([("and", 0)] if s else []) + ([(rng.choice(HOW), 2)] if rng.random() < 0.3 else [])
            out.append((rng.choice(SIDES + BOTH), 2))
    if rng.random() < 0.25:
        n = rng.choice(NUMBERS)
        out += [("for", 0), (n, 0), ("guests", 0)]
    out += [(m, 4) for m in rng.sample(MARKS, rng.randint(0, 2))]
    if rng.random() < 0.9:
        out.append((rng.choice(NUMBERS), 3))
    return out


class LineTagger(nn.Module):
    def __init__(self, words, tags, dim=24, width=32):
        super().__init__()
        self.words = nn.Embedding(words, dim, padding_idx=0)
        self.lstm = nn.LSTM(dim, width, batch_first=True, bidirectional=True)
        self.tags = nn.Linear(2 * width, tags)

    def forward(self, x):
        return self.tags(self.lstm(self.words(x))[0])


def batches(lines, vocab, size, rng=None):
    lines = list(lines)
    if rng is not None:
        rng.shuffle(lines)
    for i in range(0, len(lines), size):
        part = lines[i:i + size]
        x = pad_sequence([torch.tensor([vocab[w] for w, _ in l]) for l in part], batch_first=True)
        y = pad_sequence([torch.tensor([t for _, t in l]) for l in part], batch_first=True, padding_value=-100)
        yield x, y


def evaluate(model, lines, vocab, criterion):
    model.eval()
    right = total = loss = n = 0
    with torch.no_grad():
        for x, y in batches(lines, vocab, 50):
            scores = model(x)
            loss += criterion(scores.transpose(1, 2), y).item()
            n += 1
            guess = scores.argmax(-1)
            right += (guess == y).sum().item()
            total += len(y) * y.shape[1]
    model.train()
    return loss / n, right / total


if __name__ == "__main__":
    rng = random.Random(77)
    torch.manual_seed(77)
    train, dev = [line(rng) for _ in range(1500)], [line(rng) for _ in range(300)]
    vocab = {w: i + 1 for i, w in enumerate(sorted({w for l in train + dev for w, _ in l}))}
    model = LineTagger(len(vocab) + 1, len(TAGS))
    criterion = nn.CrossEntropyLoss(ignore_index=-100)
    opt = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    for epoch in range(1, 7):
        losses = []
        for x, y in batches(train, vocab, 25, rng):
            loss = criterion(model(x).transpose(1, 2), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        dev_loss, dev_acc = evaluate(model, dev, vocab, criterion)
        print(f"epoch {epoch}: train {sum(losses) / len(losses):.4f}, dev {dev_loss:.4f}, tags correct {100 * dev_acc:.1f}%")
    print(f"done. tags correct on dev: {100 * dev_acc:.2f}%")
