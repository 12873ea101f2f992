"""Tag every thread crossing of a loom pattern with the shed it belongs to (BiGRU tagger)."""
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--lr", type=float, default=8e-3)
parser.add_argument("--dropout", type=float, default=0.8)
parser.add_argument("--hidden", type=int, default=24)
args = parser.parse_args([])
torch.manual_seed(40)

THREADS, SHEDS, LENGTH = 20, 6, 14


def patterns(n):
    threads = torch.randint(0, THREADS, (n, LENGTH))
    left = torch.roll(threads, 1, dims=1)
    left[:, 0] = 0
    right = torch.roll(threads, -1, dims=1)
    right[:, -1] = 0
    sheds = (threads % 3) + 3 * (left > right)
    return threads, sheds


class Tagger(nn.Module):
    def __init__(self, hidden, dropout):
        super().__init__()
        self.embed = nn.Embedding(THREADS, 16)
        self.gru = nn.GRU(16, hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(2 * hidden, SHEDS)

    def forward(self, threads):
        h = self.dropout(self.embed(threads))
        h, _ = self.gru(h)
        return self.classify(self.dropout(h))


x_train, y_train = patterns(1600)
x_dev, y_dev = patterns(400)
tagger = Tagger(args.hidden, args.dropout)
optimizer = torch.optim.AdamW(tagger.parameters(), lr=args.lr)
for epoch in range(1, args.epochs + 1):
    tagger.train()
    total = 0.0
    batches = torch.randperm(len(x_train)).split(32)
    for b in batches:
        logits = tagger(x_train[b])
        loss = F.cross_entropy(logits.flatten(0, 1), y_train[b].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        total += loss.item()
    tagger.eval()
    with torch.inference_mode():
        logits = tagger(x_dev)
        dev = F.cross_entropy(logits.flatten(0, 1), y_dev.flatten()).item()
        acc = (logits.argmax(-1) == y_dev).float().mean().item()
    print(f"{epoch:2d}  train {total / len(batches):.4f}  dev {dev:.4f}  token acc {acc:.4f}")
print(f"dev token accuracy {acc:.4f}")
