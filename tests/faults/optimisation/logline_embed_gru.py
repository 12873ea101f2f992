import argparse
import random
import torch
from torch import nn

WORDS = ["start", "stop", "read", "write", "lock", "free", "ping", "ack", "retry", "fail", "ok", "wait", "open", "close", "sync", "idle"]


def make_session(rng, length=24):
    """Label: the state of the lock at the end (free / held) and whether a fail came while it was held."""
    tokens, held, dirty = [], False, False
    for _ in range(length):
        w = rng.randrange(len(WORDS)) if rng.random() < 0.6 else rng.choice([4, 5, 9])
        tokens.append(w)
        if WORDS[w] == "lock":
            held = True
        elif WORDS[w] == "free":
            held, dirty = False, False
        elif WORDS[w] == "fail" and held:
            dirty = True
    return tokens, 2 * held + dirty if held else 0


def dataset(n, seed):
    rng = random.Random(seed)
    pools = {0: [], 2: [], 3: []}
    while min(len(p) for p in pools.values()) < n // 3:
        tokens, label = make_session(rng)
        if len(pools[label]) < n // 3:
            pools[label].append(tokens)
    rows = [(t, k) for k, label in enumerate(pools) for t in pools[label]]
    rng.shuffle(rows)
    return torch.tensor([t for t, _ in rows]), torch.tensor([k for _, k in rows])


class SessionModel(nn.Module):
    def __init__(self, vocab, emb, hidden, classes):
        super().__init__()
        self.embedding = nn.Embedding(vocab, emb)
        self.gru = nn.GRU(emb, hidden, batch_first=True)
        self.classifier = nn.Linear(hidden, classes)

    def forward(self, tokens):
        states, _ = self.gru(self.embedding(tokens))
        return self.classifier(states[:, -1])


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        out = model(x)
    return (out.argmax(1) == y).float().mean().item(), nn.functional.cross_entropy(out, y).item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=9)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--batch-size", type=int, default=48)
    parser.add_argument("--lr", type=float, default=2.5e-3)
    opts = parser.parse_args()
    torch.manual_seed(77)
    x, y = dataset(3000, 1)
    xv, yv = dataset(600, 2)
    model = SessionModel(len(WORDS), 12, opts.hidden, 3)
    optimizer = torch.optim.AdamW([
        {"params": model.embedding.parameters(), "weight_decay": 0.0},
        {"params": model.classifier.parameters(), "weight_decay": 0.01},
    ], lr=opts.lr)
    for epoch in range(opts.epochs):
        model.train()
        total = 0.0
        for idx in torch.randperm(len(x)).split(opts.batch_size):
            loss = nn.functional.cross_entropy(model(x[idx]), y[idx])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(idx)
        acc, val_loss = accuracy(model, xv, yv)
        print(f"epoch {epoch + 1:2d} | loss {total / len(x):.4f} | val loss {val_loss:.4f} | val acc {acc:.4f}")
    print(f"session state accuracy {acc:.4f}")


if __name__ == "__main__":
    main()
