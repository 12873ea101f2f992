"""Freight notes are short token lists; say which of five depots handles each."""
import random
import torch
import torch.nn as nn

PAD, VOCAB, DEPOTS, LONGEST = 0, 60, 5, 20


def write_note(rng):
    # a note may name several depots among the chatter, the last one named is where it ends up
    length = rng.randint(6, LONGEST)
    words = [rng.randint(10, VOCAB - 1) for _ in range(length)]
    stops = sorted(rng.sample(range(length), rng.choice([1, 1, 2, 3])))
    for s in stops:
        depot = rng.randrange(DEPOTS)
        words[s] = depot + 1
    if rng.random() < 0.03:
        depot = rng.randrange(DEPOTS)
    return words, depot


def collate(notes, backwards=True):
    rows = []
    for words, _ in notes:
        words = words[::-1] if backwards else words
        rows.append([PAD] * (LONGEST - len(words)) + words)
    return torch.tensor(rows), torch.tensor([d for _, d in notes])


class DepotReader(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, 16, padding_idx=PAD)
        self.lstm = nn.LSTM(16, 40, batch_first=True)
        self.fc = nn.Linear(40, DEPOTS)

    def forward(self, tokens):
        states, _ = self.lstm(self.emb(tokens))
        return self.fc(states[:, -1])


def test(model, notes):
    model.eval()
    correct = 0
    for i in range(0, len(notes), 200):
        tokens, depot = collate(notes[i:i + 200], backwards=False)
        with torch.no_grad():
            correct += (model(tokens).argmax(1) == depot).sum().item()
    return correct / len(notes)


def train(model, notes, held_out, epochs=9, batch=64):
    opt = torch.optim.Adam(model.parameters(), lr=6e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        random.shuffle(notes)
        total = 0.0
        for i in range(0, len(notes), batch):
            tokens, depot = collate(notes[i:i + batch])
            loss = loss_fn(model(tokens), depot)
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            opt.step()
            total += loss.item()
        sched.step()
        print(f"epoch {epoch + 1} | loss {total / (len(notes) / batch):.4f} | held-out acc {test(model, held_out):.4f}")


if __name__ == "__main__":
    random.seed(14)
    torch.manual_seed(14)
    rng = random.Random(140)
    corpus = [write_note(rng) for _ in range(5000)]
    model = DepotReader()
    train(model, corpus[:4200], corpus[4200:])
    print(f"held-out acc {test(model, corpus[4200:]):.4f}")
