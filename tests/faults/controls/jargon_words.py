"""Next-letter model of invented trade words; the letters' own entropy bounds what can be learnt."""
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Args:
    letters: int = 20
    length: int = 16
    words: int = 1600
    test_words: int = 500
    width: int = 40
    batch: int = 64
    micro: int = 32
    epochs: int = 11
    peak: float = 6e-3
    warm: int = 30


class Source:
    """Each letter depends on the two before it, with a broad choice every time."""

    def __init__(self, letters):
        g = torch.Generator().manual_seed(0)
        one = torch.randn(letters, letters, generator=g)
        two = torch.randn(letters, letters, generator=g)
        self.table = torch.softmax(1.3 * (one[:, None] + two[None]), -1)

    def write(self, count, length, seed):
        g = torch.Generator().manual_seed(seed)
        words = torch.randint(0, len(self.table), (count, 2), generator=g)
        for _ in range(length - 2):
            p = self.table[words[:, -2], words[:, -1]]
            words = torch.cat([words, torch.multinomial(p, 1, generator=g)], 1)
        return words

    def nll(self, words):
        p = self.table[words[:, :-2], words[:, 1:-1]].gather(2, words[:, 2:, None])
        return -p.log().mean().item()


class TiedGRU(nn.Module):
    def __init__(self, letters, width):
        super().__init__()
        self.embed = nn.Embedding(letters, width)
        nn.init.normal_(self.embed.weight, std=width ** -0.5)
        self.gru = nn.GRU(width, width, batch_first=True)
        self.mix = nn.Linear(width, width)
        self.decode = nn.Linear(width, letters)
        self.decode.weight = self.embed.weight

    def forward(self, words):
        h, _ = self.gru(self.embed(words))
        return self.decode(self.mix(h))


def nll(model, words, reduction="mean"):
    logits = model(words[:, :-1])[:, 1:]
    return nn.functional.cross_entropy(logits.flatten(0, 1), words[:, 2:].flatten(), reduction=reduction)


def main(a):
    torch.manual_seed(404)
    source = Source(a.letters)
    words, test = source.write(a.words, a.length, 41), source.write(a.test_words, a.length, 42)
    model = TiedGRU(a.letters, a.width)
    optimizer = torch.optim.Adam(model.parameters(), lr=a.peak)
    steps = a.epochs * (a.words // a.batch)
    warm = torch.optim.lr_scheduler.LinearLR(optimizer, 0.001, 1.0, a.warm)
    cool = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps - a.warm)
    schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm, cool], [a.warm])
    print(f"entropy floor on the test words {source.nll(test):.4f}")
    for epoch in range(1, a.epochs + 1):
        model.train()
        total = 0.0
        for rows in torch.randperm(a.words).split(a.batch):
            optimizer.zero_grad()
            for part in rows.split(a.micro):
                loss = nll(model, words[part], "sum") / (len(rows) * (a.length - 2))
                loss.backward()
                total += loss.item() * len(rows)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        model.eval()
        with torch.no_grad():
            held = nll(model, test).item()
        print(f"epoch {epoch:2d}  train {total / a.words:.4f}  test {held:.4f}")
    print(f"perplexity of the source: {torch.tensor(source.nll(test)).exp().item():.3f}")
    print(f"test perplexity: {torch.tensor(held).exp().item():.3f}")


main(Args())
