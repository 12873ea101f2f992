import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class MatrixFactorisation(nn.Module):
    def __init__(self, n_readers, n_books, rank, mean):
        super().__init__()
        self.readers = nn.Embedding(n_readers, rank)
        self.books = nn.Embedding(n_books, rank)
        self.reader_bias = nn.Embedding(n_readers, 1)
        self.book_bias = nn.Embedding(n_books, 1)
        for table in (self.readers, self.books):
            nn.init.normal_(table.weight, std=0.3)
        for bias in (self.reader_bias, self.book_bias):
            nn.init.zeros_(bias.weight)
        self.register_buffer("mean", torch.tensor(float(mean)))

    def forward(self, reader, book):
        match = (self.readers(reader) * self.books(book)).sum(-1)
        return self.mean + match + self.reader_bias(reader).squeeze(-1) + self.book_bias(book).squeeze(-1)


def stars(n_readers=150, n_books=100, per_reader=50, seed=0):
    rng = np.random.default_rng(seed)
    u, v = rng.normal(0, 0.8, (n_readers, 2)), rng.normal(0, 0.8, (n_books, 2))
    full = 3.2 + rng.normal(0, 0.4, (n_readers, 1)) + rng.normal(0, 0.5, (1, n_books)) + u @ v.T
    popularity = 1 / (5 + np.arange(n_books))
    popularity /= popularity.sum()
    rows = []
    for reader in range(n_readers):
        for book in rng.choice(n_books, per_reader, replace=False, p=popularity):
            rows.append((reader, book, np.clip(np.round(full[reader, book] + rng.normal(0, 0.4)), 1, 5)))
    rows = np.array(rows)
    return rows[rng.permutation(len(rows))]


def rmse(model, data):
    model.eval()
    with torch.no_grad():
        reader, book, star = data.tensors
        return (model(reader, book) - star).pow(2).mean().sqrt().item()


torch.manual_seed(14)
rows = stars()
cut = int(0.85 * len(rows))
as_set = lambda part: TensorDataset(torch.tensor(part[:, 0]).long(), torch.tensor(part[:, 1]).long(),
                                    torch.tensor(part[:, 2]).float())
train_set, test_set = as_set(rows[:cut]), as_set(rows[cut:])
model = MatrixFactorisation(150, 100, rank=3, mean=rows[:cut, 2].mean())
optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=1e-4)
epochs = 12
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
for epoch in range(epochs):
    model.train()
    squares = 0.0
    for reader, book, star in DataLoader(train_set, batch_size=128, shuffle=True):
        loss = nn.functional.mse_loss(model(reader, book), star)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        squares += loss.item() * len(star)
    scheduler.step()
    print(f"{epoch + 1:2d}: train rmse {(squares / cut) ** 0.5:.4f} test rmse {rmse(model, test_set):.4f}")
print(f"test rmse: {rmse(model, test_set):.4f}")
