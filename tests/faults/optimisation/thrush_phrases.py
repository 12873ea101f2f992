"""Which of five thrushes sings?  Songs are transcribed to syllable numbers; a small transformer reads them."""
import math

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

SYLLABLES, BIRDS, LENGTH = 12, 5, 16


def sing(n, generator):
    """Each bird is a Markov chain over syllables, close to the species' common chain."""
    common = torch.randn(SYLLABLES, SYLLABLES, generator=generator)
    own = common + 1.5 * torch.randn(BIRDS, SYLLABLES, SYLLABLES, generator=generator)
    chains = torch.softmax(own, dim=-1)
    bird = torch.randint(0, BIRDS, (n,), generator=generator)
    song = torch.empty(n, LENGTH, dtype=torch.long)
    song[:, 0] = torch.randint(0, SYLLABLES, (n,), generator=generator)
    for t in range(1, LENGTH):
        song[:, t] = torch.multinomial(chains[bird, song[:, t - 1]], 1, generator=generator).squeeze(1)
    return song, bird


class SongReader(nn.Module):
    def __init__(self, dim=32, heads=4, layers=1):
        super().__init__()
        self.syllable = nn.Embedding(SYLLABLES, dim)
        position = torch.arange(LENGTH).unsqueeze(1)
        rate = torch.exp(torch.arange(0, dim, 2) * (-math.log(100.0) / dim))
        table = torch.zeros(LENGTH, dim)
        table[:, 0::2], table[:, 1::2] = torch.sin(position * rate), torch.cos(position * rate)
        self.register_buffer("table", table)
        layer = nn.TransformerEncoderLayer(dim, heads, 64, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers)
        self.out = nn.Linear(dim, BIRDS)

    def forward(self, song):
        h = self.encoder(self.syllable(song) + self.table)
        return self.out(h.mean(dim=1))


def run_epoch(model, loader, criterion, optimizer=None):
    model.train(optimizer is not None)
    loss_sum, correct, seen = 0.0, 0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for song, bird in loader:
            scores = model(song)
            loss = criterion(scores, bird)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * len(bird)
            correct += (scores.argmax(1) == bird).sum().item()
            seen += len(bird)
    return loss_sum / seen, correct / seen


if __name__ == "__main__":
    torch.manual_seed(17)
    g = torch.Generator().manual_seed(17)
    songs, birds = sing(2100, g)
    train_loader = DataLoader(TensorDataset(songs[:1700], birds[:1700]), batch_size=64, shuffle=True)
    valid_loader = DataLoader(TensorDataset(songs[1700:], birds[1700:]), batch_size=400)
    model = SongReader()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=8e-2)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.82)
    for epoch in range(1, 11):
        train_loss, train_acc = run_epoch(model, train_loader, criterion, optimizer)
        scheduler.step()
        valid_loss, valid_acc = run_epoch(model, valid_loader, criterion)
        print(f"{epoch:2d}  train loss {train_loss:.3f} acc {train_acc:.3f}  valid loss {valid_loss:.3f} acc {valid_acc:.3f}")
