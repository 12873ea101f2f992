# Does the first page of a session come back later in it? Transformer encoder over page ids.
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

PAGES, LENGTH = 12, 8


def sessions(n, seed):
    g = torch.Generator().manual_seed(seed)
    pages = torch.randint(0, PAGES, (n, LENGTH), generator=g)
    first = pages[:, :1]
    rest = pages[:, 1:]
    rest = torch.where(rest == first, (rest + torch.randint(1, PAGES, rest.shape, generator=g)) % PAGES, rest)
    back = torch.rand(n, generator=g) < 0.5
    where = torch.randint(0, LENGTH - 1, (n,), generator=g)
    rest[back, where[back]] = first[back, 0]
    return TensorDataset(torch.cat([first, rest], dim=1), back.float())


class SessionEncoder(nn.Module):
    def __init__(self, d_model=32, nhead=4):
        super().__init__()
        self.page = nn.Embedding(PAGES, d_model)
        self.position = nn.Embedding(LENGTH, d_model)
        layer = nn.TransformerEncoderLayer(d_model, nhead, dim_feedforward=64, dropout=0.0)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2)
        self.classify = nn.Linear(d_model, 1)

    def forward(self, pages):
        h = self.page(pages) + self.position(torch.arange(LENGTH))
        h = self.encoder(h)
        return self.classify(h.mean(dim=1)).squeeze(-1)


def accuracy(model, loader):
    model.eval()
    good = 0
    with torch.no_grad():
        for pages, back in loader:
            good += ((model(pages) > 0) == back.bool()).sum().item()
    return good / len(loader.dataset)


def train(model, train_loader, test_loader, epochs=9, lr=2e-3):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    loss_fn = nn.BCEWithLogitsLoss()
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for pages, back in train_loader:
            optimizer.zero_grad()
            loss = loss_fn(model(pages), back)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(back)
        print(f"epoch {epoch + 1} | loss {total / len(train_loader.dataset):.4f} | test accuracy {accuracy(model, test_loader):.4f}")


torch.manual_seed(31)
train(SessionEncoder(),
      DataLoader(sessions(6000, 1), batch_size=50, shuffle=True),
      DataLoader(sessions(1000, 2), batch_size=100))
