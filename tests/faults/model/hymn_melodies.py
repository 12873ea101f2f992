"""Next-note model of hymn tunes written in three modes (GRU over scale degrees)."""
import argparse
import math

import numpy as np
import torch
from torch import nn

NOTES, BARS = 20, 24


def tunes(n, rng, grammar):
    """Each tune follows one of several second-order habits of moving between notes."""
    out = np.empty((n, BARS), dtype=np.int64)
    mode = rng.integers(0, len(grammar), n)
    out[:, 0] = 2 * mode
    out[:, 1] = rng.integers(0, NOTES, n)
    for t in range(2, BARS):
        p = grammar[mode, out[:, t - 1]]
        u = rng.random((n, 1))
        out[:, t] = np.minimum((p.cumsum(1) < u).sum(1), NOTES - 1)
    return torch.from_numpy(out)


class TuneModel(nn.Module):
    def __init__(self, dim=20, hidden=48):
        super().__init__()
        self.note = nn.Embedding(NOTES, dim)
        self.gru = nn.GRU(dim, hidden, batch_first=True)
        self.next = nn.Linear(hidden, NOTES)

    def forward(self, notes):
        h, _ = self.gru(self.note(notes))
        return self.next(h)

    def loss(self, notes):
        scores = self(notes[:, :-1])
        return nn.functional.cross_entropy(scores.reshape(-1, NOTES), notes[:, 1:].reshape(-1))


def parse():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--epochs", type=int, default=2)
    p.add_argument("--tunes", type=int, default=1600)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--lr", type=float, default=8e-3)
    return p.parse_args()


def main():
    args = parse()
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    grammar = rng.dirichlet(np.full(NOTES, 0.08), (3, NOTES))
    train, test = tunes(args.tunes, rng, grammar), tunes(300, rng, grammar)

    model = TuneModel()
    opt = torch.optim.Adam(model.parameters(), lr=args.lr)
    step = 0
    for epoch in range(1, args.epochs + 1):
        model.train()
        running, count = 0.0, 0
        for rows in torch.randperm(len(train)).split(args.batch):
            loss = model.loss(train[rows])
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            opt.step()
            running += loss.item()
            count += 1
            step += 1
            if step % 25 == 0:
                print(f"  step {step:4d}  loss {running / count:.4f}")
        model.eval()
        with torch.no_grad():
            test_loss = model.loss(test).item()
        print(f"epoch {epoch}: train {running / count:.4f}, held-out {test_loss:.4f}")
    print(f"perplexity on held-out tunes: {math.exp(test_loss):.4f}")


if __name__ == "__main__":
    main()
