"""Letter model of made-up sea shanties, for a rhyme suggestion toy."""
import random
import torch
import torch.nn as nn

WHO = ["captain", "sailor", "bosun", "cook", "mate", "old jack", "sally"]
DID = ["hauled", "sang of", "lost", "stole", "kissed", "sold", "dreamt of"]
WHAT = ["rum", "gold", "whale", "anchor", "queen", "moon", "harbour", "rope"]
HOW = ["in the morning", "off the cape", "by the light of day", "on the tide", "for a shilling"]


def song(lines, rnd):
    out = []
    for _ in range(lines):
        line = f"the {rnd.choice(WHO)} {rnd.choice(DID)} the {rnd.choice(WHAT)} {rnd.choice(HOW)}"
        if rnd.random() < 0.3:
            line = "heave ho, " + line
        out.append(line)
    return "\n".join(out) + "\n"


class LetterModel(nn.Module):
    def __init__(self, letters, hidden=64):
        super().__init__()
        self.emb = nn.Embedding(letters, 24)
        self.rnn = nn.GRU(24, hidden, batch_first=True)
        self.out = nn.Linear(hidden, letters)

    def forward(self, x):
        return self.out(self.rnn(self.emb(x))[0])


class Meter:
    """Running nats per letter."""

    def __init__(self):
        self.nats, self.count = 0.0, 0

    def add(self, logits, target):
        summed = nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="sum")
        self.nats += summed.item()
        self.count += target.size(0)

    def value(self):
        return self.nats / self.count


def cut(text, index, length=32):
    ids = torch.tensor([index[c] for c in text])
    n = (len(ids) - 1) // length
    return ids[:n * length].view(n, length), ids[1:n * length + 1].view(n, length)


def main():
    rnd = random.Random(10)
    torch.manual_seed(10)
    text, fresh = song(700, rnd), song(100, rnd)
    index = {c: i for i, c in enumerate(sorted(set(text + fresh)))}
    x, y = cut(text, index)
    xv, yv = cut(fresh, index)
    print(len(index), "letters,", len(x), "training pieces,", len(xv), "fresh pieces")

    model = LetterModel(len(index))
    epochs = 6
    opt = torch.optim.AdamW(model.parameters(), lr=1.5e-2, weight_decay=0.0)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, 1.5e-2, epochs=epochs, steps_per_epoch=-(-len(x) // 40))
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(1, epochs + 1):
        meter = Meter()
        for piece in torch.randperm(len(x)).split(40):
            logits = model(x[piece])
            loss = loss_fn(logits.transpose(1, 2), y[piece])
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            opt.step()
            sched.step()
            meter.add(logits.detach(), y[piece])
        fresh_meter = Meter()
        with torch.no_grad():
            for a, b in zip(xv.split(64), yv.split(64)):
                fresh_meter.add(model(a), b)
        print(f"verse {epoch}: training {meter.value():.3f}, fresh {fresh_meter.value():.3f} nats per letter")
    print(f"final fresh nats per letter {fresh_meter.value():.4f}")


if __name__ == "__main__":
    main()
