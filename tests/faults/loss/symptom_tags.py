"""Tag hospital triage notes with every complaint they mention (multi-label)."""
import argparse

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

TAGS = ["pain", "fever", "breathing", "skin", "trauma", "nausea"]


def make_notes(n, vocab, length, seed):
    rng = np.random.default_rng(seed)
    lexicon = 1 + np.arange(12 * len(TAGS)).reshape(len(TAGS), 12)
    notes = rng.integers(1 + lexicon.size, vocab, size=(n, length))
    tags = (rng.random((n, len(TAGS))) < 0.5).astype(np.float32)
    for i in range(n):
        places = rng.permutation(length)
        for t in range(len(TAGS)):
            k = 1 + int(rng.random() < 0.5) if tags[i, t] else int(rng.random() < 0.35)
            where, places = places[:k], places[k:]
            notes[i, where] = rng.choice(lexicon[t], size=k)
    return torch.tensor(notes), torch.tensor(tags)


class NoteTagger(nn.Module):
    def __init__(self, vocab, dim=32, hidden=48, n_tags=len(TAGS)):
        super().__init__()
        self.embedding = nn.Embedding(vocab, dim)
        self.conv = nn.Conv1d(dim, hidden, kernel_size=1)
        self.out = nn.Linear(hidden, n_tags)

    def forward(self, notes):
        x = self.embedding(notes).transpose(1, 2)
        x = torch.relu(self.conv(x)).mean(dim=2)
        return torch.sigmoid(self.out(x))


@torch.no_grad()
def micro_f1(model, notes, tags):
    model.eval()
    pred = (model(notes) > 0.5).float()
    tp = (pred * tags).sum()
    return (2 * tp / (pred.sum() + tags.sum())).item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--lr", type=float, default=5e-3)
    parser.add_argument("--batch-size", type=int, default=64)
    args = parser.parse_args()

    torch.manual_seed(0)
    train_notes, train_tags = make_notes(4000, 400, 24, seed=1)
    val_notes, val_tags = make_notes(1000, 400, 24, seed=2)
    loader = DataLoader(TensorDataset(train_notes, train_tags), batch_size=args.batch_size, shuffle=True)

    model = NoteTagger(400)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    for epoch in range(args.epochs):
        model.train()
        running = 0.0
        for notes, tags in loader:
            optimizer.zero_grad()
            loss = criterion(model(notes), tags)
            loss.backward()
            optimizer.step()
            running += loss.item()
        print(f"epoch {epoch + 1}: loss {running / len(loader):.4f}  val F1 {micro_f1(model, val_notes, val_tags):.4f}")
    print(f"final F1 {micro_f1(model, val_notes, val_tags):.4f}")


if __name__ == "__main__":
    main()
