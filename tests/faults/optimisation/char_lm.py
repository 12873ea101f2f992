"""Character-level language model on a scrap of made-up prose."""
import math

import torch
from torch import nn

SUBJECTS = ["the miller", "a grey cat", "my sister", "the old ferry", "every child", "no sailor"]
VERBS = ["crossed", "painted", "forgot", "followed", "mended", "heard"]
OBJECTS = ["the bridge", "a wooden door", "the long road", "seven lamps", "his garden", "the tide"]
ENDINGS = ["at dawn", "in the rain", "without a word", "before winter", "for once"]


def write_text(sentences, generator):
    def pick(options):
        return options[torch.randint(len(options), (1,), generator=generator).item()]
    return " ".join(f"{pick(SUBJECTS)} {pick(VERBS)} {pick(OBJECTS)} {pick(ENDINGS)}." for _ in range(sentences))


class CharLM(nn.Module):
    def __init__(self, vocab, emb=16, hidden=64):
        super().__init__()
        self.emb = nn.Embedding(vocab, emb)
        self.rnn = nn.GRU(emb, hidden, batch_first=True)
        self.proj = nn.Linear(hidden, vocab)

    def forward(self, x):
        return self.proj(self.rnn(self.emb(x))[0])


def batches(codes, n, length):
    starts = torch.randint(len(codes) - length - 1, (n,))
    x = torch.stack([codes[s:s + length] for s in starts])
    y = torch.stack([codes[s + 1:s + length + 1] for s in starts])
    return x, y


def main():
    torch.manual_seed(0)
    text = write_text(600, torch.Generator().manual_seed(11))
    chars = sorted(set(text))
    codes = torch.tensor([chars.index(c) for c in text])
    split = int(0.9 * len(codes))
    train, valid = codes[:split], codes[split:]
    model = CharLM(len(chars))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    loss_fn = nn.CrossEntropyLoss()
    for step in range(1, 251):
        x, y = batches(train, 32, 32)
        optimizer.zero_grad()
        loss = loss_fn(model(x).flatten(0, 1), y.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.01)
        optimizer.step()
        if step % 50 == 0:
            with torch.no_grad():
                x, y = batches(valid, 64, 32)
                vloss = loss_fn(model(x).flatten(0, 1), y.flatten()).item()
            print(f"step {step:4d} | train {loss.item():.3f} | valid {vloss:.3f} | perplexity {math.exp(vloss):.2f}")


main()
