"""Route parcels by the courier's note: an LSTM reads the tokens."""
import random
import torch
import torch.nn as nn

random.seed(4)
torch.manual_seed(4)
PAD, VOCAB, DEPOTS, WIDTH = 0, 120, 5, 16


def note():
    depot = random.randrange(DEPOTS)
    length = random.randint(5, WIDTH)
    words = [random.randint(20, VOCAB - 1) for _ in range(length)]
    for _ in range(3):
        shown = depot if random.random() < 0.86 else random.randrange(DEPOTS)
        words[random.randrange(length)] = 1 + shown * 3 + random.randrange(3)
    return words, depot


def pack(notes):
    rows = [[PAD] * (WIDTH - len(w)) + w for w, _ in notes]
    return torch.tensor(rows), torch.tensor([d for _, d in notes])


def pack_eval(notes):
    rows = [w + [PAD] * (WIDTH - len(w)) for w, _ in notes]
    return torch.tensor(rows), torch.tensor([d for _, d in notes])


class Router(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, 16)
        self.rnn = nn.LSTM(16, 32, batch_first=True)
        self.out = nn.Linear(32, DEPOTS)

    def forward(self, tokens):
        h, _ = self.rnn(self.emb(tokens))
        return self.out(h[:, -1])


def score(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


def main():
    x, y = pack([note() for _ in range(8000)])
    xv, yv = pack_eval([note() for _ in range(1500)])
    model = Router()
    opt = torch.optim.Adam(model.parameters(), lr=8e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 5 * 80)
    seen = 0.0
    for epoch in range(5):
        model.train()
        for i, idx in enumerate(torch.randperm(len(x)).split(100)):
            loss = nn.functional.cross_entropy(model(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            opt.step()
            sched.step()
            seen = 0.95 * seen + 0.05 * loss.item() if seen else loss.item()
            if i % 40 == 39:
                print(f"epoch {epoch + 1} batch {i + 1} loss {seen:.4f}")
        print(f"epoch {epoch + 1} routed correctly {score(model, xv, yv):.4f}")


main()
