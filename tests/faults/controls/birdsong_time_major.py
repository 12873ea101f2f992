import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class AttentionPool(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.score = nn.Linear(hidden, 1)

    def forward(self, states):
        # states: (time, batch, hidden); the weights of one song add up to one over time
        weights = torch.softmax(self.score(states), dim=0)
        return (weights * states).sum(dim=0)


class SongClassifier(nn.Module):
    def __init__(self, n_bands, hidden, n_species):
        super().__init__()
        self.gru = nn.GRU(n_bands, hidden, bidirectional=True)
        self.pool = AttentionPool(2 * hidden)
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(2 * hidden, n_species)

    def forward(self, songs):
        songs = songs.transpose(0, 1)
        states, _ = self.gru(songs)
        return self.fc(self.drop(self.pool(states)))


def songs(n, gen, bands=8, frames=30):
    """A species is a motif of four notes sung once somewhere in background chatter."""
    motifs = torch.tensor([[1, 3, 5, 7], [7, 5, 3, 1], [1, 5, 3, 7], [2, 2, 6, 6], [6, 2, 6, 2]])
    labels = torch.randint(len(motifs), (n,), generator=gen)
    x = 0.5 * torch.randn(n, frames, bands, generator=gen)
    start = torch.randint(0, frames - 8, (n,), generator=gen)
    for i in range(n):
        for j, note in enumerate(motifs[labels[i]]):
            x[i, start[i] + 2 * j: start[i] + 2 * j + 2, note] += 1.5
        chatter = torch.randint(frames, (5,), generator=gen)
        x[i, chatter, torch.randint(bands, (5,), generator=gen)] += 1.5
    return x, labels


def main():
    gen = torch.Generator().manual_seed(88)
    torch.manual_seed(88)
    x, y = songs(2400, gen)
    mean, std = x[:1900].mean((0, 1)), x[:1900].std((0, 1))
    x = (x - mean) / std
    train = DataLoader(TensorDataset(x[:1900], y[:1900]), batch_size=38, shuffle=True)
    x_val, y_val = x[1900:], y[1900:]
    model = SongClassifier(8, 20, 5)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=6e-3, total_steps=10 * len(train))
    for epoch in range(10):
        model.train()
        total = 0.0
        for xb, yb in train:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            scheduler.step()
            total += loss.item()
        model.eval()
        with torch.no_grad():
            out = model(x_val)
        acc = (out.argmax(1) == y_val).float().mean().item()
        print(f"epoch {epoch + 1:2d}  train loss {total / len(train):.4f}  val loss {criterion(out, y_val).item():.4f}  val acc {acc:.4f}")
    print(f"species accuracy {acc:.4f}")


if __name__ == "__main__":
    main()
