"""Did the shopper come back to the article they opened first?  Sessions of page ids, small transformer."""
import math

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

N_PAGES, LENGTH = 14, 16


def sessions(n, seed):
    g = torch.Generator().manual_seed(seed)
    first = torch.randint(0, N_PAGES, (n, 1), generator=g)
    rest = torch.randint(0, N_PAGES - 1, (n, LENGTH - 1), generator=g)
    rest = rest + (rest >= first).long()                      # never the first page by chance
    back = torch.rand(n, generator=g) < 0.5
    where = torch.randint(0, LENGTH - 1, (n,), generator=g)
    rows = torch.nonzero(back).squeeze(1)
    rest[rows, where[rows]] = first[rows, 0]
    return torch.cat([first, rest], 1), back.long()


class SessionEncoder(nn.Module):
    def __init__(self, d_model=32, heads=2, layers=2):
        super().__init__()
        self.embed = nn.Embedding(N_PAGES, d_model)
        position = torch.arange(LENGTH).unsqueeze(1)
        div = torch.exp(torch.arange(0, d_model, 2) * (-math.log(100.0) / d_model))
        pe = torch.zeros(LENGTH, d_model)
        pe[:, 0::2], pe[:, 1::2] = torch.sin(position * div), torch.cos(position * div)
        self.register_buffer("pe", pe)
        layer = nn.TransformerEncoderLayer(d_model, heads, dim_feedforward=64, dropout=0.0)
        self.encoder = nn.TransformerEncoder(layer, layers)
        self.head = nn.Linear(d_model, 2)

    def forward(self, tokens):
        x = self.embed(tokens) + self.pe
        x = self.encoder(x)
        return self.head(x[:, 0])


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        self.loss = nn.CrossEntropyLoss()

    def fit(self, train, valid, epochs):
        for epoch in range(epochs):
            self.model.train()
            total, count = 0.0, 0
            for tokens, label in train:
                self.optimizer.zero_grad()
                loss = self.loss(self.model(tokens), label)
                loss.backward()
                self.optimizer.step()
                total, count = total + loss.item() * len(label), count + len(label)
            print(f"epoch {epoch + 1}: loss {total / count:.4f}, valid acc {self.score(valid):.4f}")

    @torch.no_grad()
    def score(self, loader):
        self.model.eval()
        hits = [(self.model(t).argmax(1) == y).float() for t, y in loader]
        return torch.cat(hits).mean().item()


if __name__ == "__main__":
    torch.manual_seed(8)
    train = DataLoader(TensorDataset(*sessions(6000, 1)), batch_size=64, shuffle=True)
    valid = DataLoader(TensorDataset(*sessions(1000, 2)), batch_size=64)
    trainer = Trainer(SessionEncoder(), lr=2e-3)
    trainer.fit(train, valid, epochs=8)
    print(f"Validation accuracy {trainer.score(valid):.4f}")
