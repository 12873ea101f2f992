import argparse
import random

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=8)
parser.add_argument("--hidden", type=int, default=48)
parser.add_argument("--lr", type=float, default=3e-3)
parser.add_argument("--seed", type=int, default=4)
args = parser.parse_args()

torch.manual_seed(args.seed)
rng = random.Random(args.seed)
ALPHABET = "ABCDEFGHIJKLMNOPQRST"
N_DEPOTS = 14
STEMS = ["".join(rng.choice(ALPHABET) for _ in range(3)) for _ in range(2 * N_DEPOTS)]


class ConsignmentCodes(Dataset):
    """Twelve letters per code; the stem of the depot stands somewhere inside."""

    def __init__(self, n):
        self.items = []
        for _ in range(n):
            depot = rng.randrange(N_DEPOTS)
            stem = STEMS[2 * depot + rng.randrange(2)]
            pos = rng.randrange(10)
            code = [rng.choice(ALPHABET) for _ in range(12)]
            code[pos:pos + 3] = list(stem)
            self.items.append((torch.tensor([ALPHABET.index(c) for c in code]), depot))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


class DepotNet(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embed = nn.Embedding(len(ALPHABET), 24)
        self.conv = nn.Conv1d(24, hidden * 2, kernel_size=3)
        self.head = nn.Linear(hidden * 2, N_DEPOTS)

    def forward(self, codes):
        x = self.embed(codes).transpose(1, 2)
        x = torch.relu(self.conv(x)).amax(dim=2)
        return self.head(x).softmax(dim=-1)


def accuracy(model, loader):
    model.eval()
    hits = n = 0
    with torch.no_grad():
        for codes, depot in loader:
            hits += (model(codes).argmax(1) == depot).sum().item()
            n += len(depot)
    return hits / n


train_loader = DataLoader(ConsignmentCodes(4000), batch_size=64, shuffle=True)
val_loader = DataLoader(ConsignmentCodes(1000), batch_size=250)
model = DepotNet(args.hidden)
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
criterion = nn.CrossEntropyLoss()

for epoch in range(args.epochs):
    model.train()
    running = 0.0
    for codes, depot in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(codes), depot)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(depot)
    print(f"epoch {epoch + 1:2d}  loss {running / 4000:.4f}  val acc {accuracy(model, val_loader):.3f}")

print(f"final validation accuracy: {accuracy(model, val_loader):.4f}")
