import argparse
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

ALPHABET = "ACDEFGHIKLMNPQRSTVWY"
MOTIFS = ["HCWKC", "GDSGG", "NPAWL", "RGDEM", "KDELY", "CVVFH", "WQTIP", "LGAVD", "YMNEQ", "TFRSC",
          "PKHIW", "EDLNM", "SQYAV", "FWGTR", "IMCPD", "VRKQE", "DHSFL", "QLYPG", "AWMKT", "NEIVH"]

parser = argparse.ArgumentParser(description="protein family from sequence")
parser.add_argument("--epochs", type=int, default=13)
parser.add_argument("--batch-size", type=int, default=50)
parser.add_argument("--lr", type=float, default=2e-3)
parser.add_argument("--seed", type=int, default=11)
args = parser.parse_args()


def make_sequences(n, length=48, seed=0):
    rng = np.random.default_rng(seed)
    seqs, labels = [], []
    for _ in range(n):
        family = int(rng.integers(len(MOTIFS)))
        seq = rng.choice(list(ALPHABET), size=length)
        motif = list(MOTIFS[family])
        if rng.random() < 0.5:
            motif[int(rng.integers(len(motif)))] = rng.choice(list(ALPHABET))
        start = int(rng.integers(0, length - len(motif)))
        seq[start:start + len(motif)] = motif
        seqs.append([ALPHABET.index(a) for a in seq])
        labels.append(family)
    return torch.tensor(seqs), torch.tensor(labels)


class MotifNet(nn.Module):
    def __init__(self, n_families, dim=16, filters=48):
        super().__init__()
        self.embed = nn.Embedding(len(ALPHABET), dim)
        self.conv = nn.Conv1d(dim, filters, kernel_size=5)
        self.fc = nn.Linear(filters, n_families)

    def forward(self, x):
        h = self.embed(x).transpose(1, 2)
        h = F.relu(self.conv(h)).amax(dim=2)
        h = F.dropout(h, 0.2, self.training)
        return F.softmax(self.fc(h), dim=1)


def train(model, loader, optimizer):
    model.train()
    running = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.nll_loss(model(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(y)
    return running / len(loader.dataset)


@torch.no_grad()
def test(model, loader):
    model.eval()
    correct = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    return correct / len(loader.dataset)


torch.manual_seed(args.seed)
train_loader = DataLoader(TensorDataset(*make_sequences(3000, seed=1)), batch_size=args.batch_size, shuffle=True)
test_loader = DataLoader(TensorDataset(*make_sequences(800, seed=2)), batch_size=200)
model = MotifNet(len(MOTIFS))
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr, weight_decay=1e-4)
for epoch in range(1, args.epochs + 1):
    loss = train(model, train_loader, optimizer)
    print(f"epoch {epoch:2d}  loss {loss:.4f}  test acc {test(model, test_loader):.4f}")
print(f"Final test accuracy: {test(model, test_loader):.4f}")
