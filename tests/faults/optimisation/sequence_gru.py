# Which of four random processes wrote this string of symbols?
import argparse

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--batch-size", type=int, default=50)
parser.add_argument("--lr", type=float, default=1e-4)
parser.add_argument("--hidden", type=int, default=32)
args = parser.parse_args()

torch.manual_seed(0)
np.random.seed(0)

N_SYMBOLS, N_CLASSES, LENGTH = 6, 4, 16
transitions = np.random.dirichlet(np.full(N_SYMBOLS, 0.5), size=(N_CLASSES, N_SYMBOLS))


class Strings(Dataset):
    def __init__(self, n):
        self.labels = np.random.randint(N_CLASSES, size=n)
        self.strings = np.zeros((n, LENGTH), dtype=np.int64)
        self.strings[:, 0] = np.random.randint(N_SYMBOLS, size=n)
        cumulative = transitions.cumsum(-1)
        for t in range(1, LENGTH):
            rows = cumulative[self.labels, self.strings[:, t - 1]]
            self.strings[:, t] = (np.random.rand(n, 1) > rows[:, :-1]).sum(1)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return torch.from_numpy(self.strings[i]), int(self.labels[i])


class GRUClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(N_SYMBOLS, 16)
        self.gru = nn.GRU(16, args.hidden, batch_first=True)
        self.head = nn.Linear(args.hidden, N_CLASSES)

    def forward(self, tokens):
        _, h = self.gru(self.embed(tokens))
        return self.head(h[-1])


train_loader = DataLoader(Strings(2000), batch_size=args.batch_size, shuffle=True)
valid_loader = DataLoader(Strings(500), batch_size=100)
model = GRUClassifier()
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
loss_function = nn.CrossEntropyLoss()

for epoch in range(args.epochs):
    model.train()
    losses = []
    for tokens, label in train_loader:
        optimizer.zero_grad()
        loss = loss_function(model(tokens), label)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    hits = 0
    with torch.no_grad():
        for tokens, label in valid_loader:
            hits += (model(tokens).argmax(-1) == label).sum().item()
    print("epoch {} loss {:.3f} valid acc {:.2f}%".format(epoch, np.mean(losses), 100 * hits / 500))
