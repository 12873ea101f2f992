"""Classify short synthetic field notes (token ids) by the geologist who wrote them."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset, random_split

torch.manual_seed(11)
rng = np.random.default_rng(11)
N_AUTHORS, VOCAB, LENGTH = 9, 120, 18


def make_notes(n):
    base = rng.dirichlet(np.full(VOCAB, 0.5))
    style = np.stack([0.62 * base + 0.38 * rng.dirichlet(np.full(VOCAB, 0.25)) for _ in range(N_AUTHORS)])
    authors = rng.integers(0, N_AUTHORS, n)
    tokens = np.stack([rng.choice(VOCAB, LENGTH, p=style[a]) for a in authors])
    return tokens, authors


class NotesDataset(Dataset):
    def __init__(self, n):
        tokens, authors = make_notes(n)
        self.tokens = torch.from_numpy(tokens).long()
        self.authors = torch.from_numpy(authors).long()

    def __len__(self):
        return len(self.authors)

    def __getitem__(self, i):
        return self.tokens[i], self.authors[i]


class AuthorNet(nn.Module):
    def __init__(self, dim=24, hidden=48):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, dim)
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, N_AUTHORS)

    def forward(self, tokens):
        h = self.emb(tokens).mean(1)
        h = F.relu(self.fc1(h))
        return self.fc2(h)


def run_epoch(model, loader, criterion, optimizer=None):
    model.train(optimizer is not None)
    loss_sum, hits, seen = 0.0, 0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for tokens, authors in loader:
            out = model(tokens)
            loss = criterion(out, authors)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * len(authors)
            hits += (out.argmax(1) == authors).sum().item()
            seen += len(authors)
    return loss_sum / seen, hits / seen


if __name__ == "__main__":
    train_set, val_set = random_split(NotesDataset(9500), [8000, 1500])
    train_loader = DataLoader(train_set, batch_size=80, shuffle=True)
    val_loader = DataLoader(val_set, batch_size=256)
    model = AuthorNet()
    criterion = nn.NLLLoss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
    for epoch in range(12):
        tl, ta = run_epoch(model, train_loader, criterion, optimizer)
        vl, va = run_epoch(model, val_loader, criterion)
        print(f"epoch {epoch + 1:2d}  train {tl:.4f} / {ta:.3f}  val {vl:.4f} / {va:.3f}")
    print(f"author accuracy {va:.4f}")
