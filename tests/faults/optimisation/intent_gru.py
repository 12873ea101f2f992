import argparse
import random

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

VERBS = ["book", "cancel", "move", "show"]
THINGS = ["table", "flight", "room", "car"]
FILLER = ["please", "the", "a", "for", "me", "now", "then", "again", "today", "hello", "thanks", "um"]
VOCAB = {w: i + 1 for i, w in enumerate(VERBS + THINGS + FILLER + ["not"])}


def make_sentence(rnd, max_len):
    """The verb that is not denied counts, with its thing: 'not cancel ... book ... table'."""
    wanted, denied = rnd.sample(VERBS, 2)
    thing = rnd.choice(THINGS)
    parts = [["not", denied], [wanted]]
    rnd.shuffle(parts)
    words = parts[0] + rnd.choices(FILLER, k=rnd.randint(1, 4)) + parts[1] + [thing]
    words = rnd.choices(FILLER, k=rnd.randint(0, 3)) + words + rnd.choices(FILLER, k=rnd.randint(0, 3))
    ids = [VOCAB[w] for w in words][:max_len]
    label = VERBS.index(wanted) * len(THINGS) + THINGS.index(thing)
    return ids + [0] * (max_len - len(ids)), len(ids), label


class Intents(Dataset):
    def __init__(self, n, seed, max_len=16):
        rnd = random.Random(seed)
        self.rows = [make_sentence(rnd, max_len) for _ in range(n)]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        ids, length, label = self.rows[i]
        return torch.tensor(ids), length, label


class IntentModel(nn.Module):
    def __init__(self, vocab, n_intents, dim=24, hidden=48):
        super().__init__()
        self.embed = nn.Embedding(vocab + 1, dim, padding_idx=0)
        self.gru = nn.GRU(dim, hidden, batch_first=True, bidirectional=True)
        self.classifier = nn.Sequential(nn.Linear(2 * hidden, 64), nn.ReLU(), nn.Linear(64, n_intents))

    def encode(self, ids, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(self.embed(ids), lengths, batch_first=True, enforce_sorted=False)
        _, h = self.gru(packed)
        return torch.cat([h[0], h[1]], dim=1)

    def forward(self, ids, lengths):
        context = self.encode(ids, lengths).data
        return self.classifier(context)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=6)
    ap.add_argument("--lr", type=float, default=4e-3)
    opt = ap.parse_args()
    torch.manual_seed(2)
    train, dev = DataLoader(Intents(4000, 1), 64, shuffle=True), DataLoader(Intents(1000, 2), 250)
    model = IntentModel(len(VOCAB), len(VERBS) * len(THINGS))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=opt.lr)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, total_iters=opt.epochs)
    for epoch in range(opt.epochs):
        model.train()
        total = 0.0
        for ids, lengths, labels in train:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(ids, lengths), labels)
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        model.eval()
        with torch.no_grad():
            hits = [(model(i, n).argmax(1) == l).float().mean().item() for i, n, l in dev]
        print(f"epoch={epoch} loss={total / len(train):.4f} dev_acc={sum(hits) / len(hits):.4f}")
    print(f"dev accuracy {sum(hits) / len(hits):.4f}")


if __name__ == "__main__":
    main()
