import argparse
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--lr", type=float, default=9e-3)
parser.add_argument("--vocab", type=int, default=400)
parser.add_argument("--topics", type=int, default=28)
parser.add_argument("--seed", type=int, default=7)
args = parser.parse_args()
torch.manual_seed(args.seed)
rng = np.random.default_rng(args.seed)


def make_corpus(n, length=30):
    common = rng.dirichlet(np.full(args.vocab, 0.6))
    topic_words = rng.dirichlet(np.full(args.vocab, 0.03), size=args.topics)
    labels = rng.permutation(np.arange(n) % args.topics)
    docs = np.stack([rng.choice(args.vocab, size=length, p=0.75 * common + 0.25 * topic_words[t]) for t in labels])
    return torch.from_numpy(docs), torch.from_numpy(labels)


docs, labels = make_corpus(8400)
train_set = TensorDataset(docs[:7000], labels[:7000])
test_docs, test_labels = docs[7000:], labels[7000:]
loader = DataLoader(train_set, batch_size=args.batch_size, shuffle=True)


class TextCNN(nn.Module):
    def __init__(self, vocab, n_classes, dim=24, channels=24):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.convs = nn.ModuleList([nn.Conv1d(dim, channels, k, padding=k // 2) for k in (1, 3)])
        self.drop = nn.Dropout(0.4)
        self.out = nn.Linear(2 * channels, n_classes)

    def forward(self, tokens):
        e = self.embed(tokens).transpose(1, 2)
        h = torch.cat([F.relu(c(e)).mean(dim=2) for c in self.convs], dim=1)
        return F.softmax(self.out(self.drop(h)), dim=1)


model = TextCNN(args.vocab, args.topics)
criterion = nn.NLLLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
for epoch in range(1, args.epochs + 1):
    model.train()
    running = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(x)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        out = model(test_docs)
        test_loss = criterion(out, test_labels).item()
        acc = (out.argmax(1) == test_labels).float().mean().item()
    print(f"epoch {epoch:2d}  train loss {running / len(train_set):.4f}  test loss {test_loss:.4f}  test acc {acc:.4f}")
print(f"final test accuracy: {acc:.4f}")
