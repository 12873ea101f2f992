"""Seq2seq: '07 mar 84' -> '84-03-07', GRU encoder and decoder with teacher forcing."""
import random
import torch
import torch.nn as nn

MONTHS = "january february march april may june july august september october november december".split()
CHARS = sorted(set("".join(MONTHS) + "0123456789 -^"))
IDX = {c: i + 1 for i, c in enumerate(CHARS)}


def example(rng):
    d, m, y = rng.randint(1, 28), rng.randint(1, 12), rng.randint(0, 99)
    src = f"{d:02d} {MONTHS[m - 1][:3]} {y:02d}"
    return [IDX[c] for c in src], [IDX["^"]] + [IDX[c] for c in f"{y:02d}-{m:02d}-{d:02d}"]


class Encoder(nn.Module):
    def __init__(self, dim=16, hidden=64):
        super().__init__()
        self.emb = nn.Embedding(len(CHARS) + 1, dim)
        self.rnn = nn.GRU(dim, hidden, batch_first=True)

    def forward(self, src):
        return self.rnn(self.emb(src))[1]


class Decoder(nn.Module):
    def __init__(self, dim=16, hidden=64):
        super().__init__()
        self.emb = nn.Embedding(len(CHARS) + 1, dim)
        self.rnn = nn.GRU(dim, hidden, batch_first=True)
        self.out = nn.Linear(hidden, len(CHARS) + 1)

    def forward(self, tgt_in, h):
        o, _ = self.rnn(self.emb(tgt_in), h)
        return self.out(o)


def main():
    torch.manual_seed(6)
    rng = random.Random(6)
    pairs = [example(rng) for _ in range(5500)]
    train_src = torch.tensor([p[0] for p in pairs[:5000]])
    train_tgt = torch.tensor([p[1] for p in pairs[:5000]])
    seen = {tuple(p[0]) for p in pairs[:5000]}
    held = [p for p in pairs[5000:] if tuple(p[0]) not in seen]
    test_src, test_tgt = torch.tensor([p[0] for p in held]), torch.tensor([p[1] for p in held])

    encoder, decoder = Encoder(), Decoder()
    optimizer = torch.optim.Adam(decoder.parameters(), lr=5e-3)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(1, 13):
        perm = torch.randperm(len(train_src))
        total = 0.0
        for k in range(0, len(perm), 100):
            b = perm[k:k + 100]
            logits = decoder(train_tgt[b, :-1], encoder(train_src[b]))
            loss = criterion(logits.reshape(-1, logits.size(-1)), train_tgt[b, 1:].reshape(-1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        with torch.no_grad():
            logits = decoder(test_tgt[:, :-1], encoder(test_src))
            acc = (logits.argmax(-1) == test_tgt[:, 1:]).float().mean().item()
        print(f"epoch {epoch:2d}  loss {total / 50:.4f}  char accuracy {acc:.4f}")


if __name__ == "__main__":
    main()
