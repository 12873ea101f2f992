"""From which mountain range is this glacier name? A character GRU."""
import argparse
import random

import torch
import torch.nn.functional as F
from torch import nn

RANGES = {
    "north": (["jo", "ske", "bru", "fan", "hol", "vat", "sva", "ey"], ["kull", "breen", "jok", "fonn", "dal"]),
    "west": (["al", "mont", "gla", "ar", "bos", "cor", "fie", "ey"], ["etsch", "ant", "eau", "ier", "dal"]),
    "east": (["ka", "ba", "si", "bal", "tor", "his", "gla", "fan"], ["par", "toro", "chen", "ura", "jok"]),
    "south": (["per", "vie", "gre", "up", "moc", "o", "mont", "ba"], ["ito", "dma", "sala", "eno", "ura"]),
}
LETTERS = "_" + "abcdefghijklmnopqrstuvwxyz"
WIDTH = 18


def invent(rng):
    label = rng.randrange(4)
    starts, ends = list(RANGES.values())[label]
    name = "".join(rng.choice(starts) for _ in range(rng.choice([1, 2, 2]))) + rng.choice(ends)
    name = "".join(rng.choice(LETTERS[1:]) if rng.random() < 0.12 else ch for ch in name)
    return name[:WIDTH].rjust(WIDTH, "_"), label


def encode(pairs):
    x = torch.tensor([[LETTERS.index(ch) for ch in name] for name, _ in pairs])
    return x, torch.tensor([label for _, label in pairs])


class NameGRU(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.emb = nn.Embedding(len(LETTERS), 16)
        self.gru = nn.GRU(16, size, batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(size, len(RANGES))

    def forward(self, x):
        _, h = self.gru(self.emb(x))
        return self.fc(self.drop(h[-1]))


def parse():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--names", type=int, default=9000)
    p.add_argument("--size", type=int, default=48)
    p.add_argument("--max-steps", type=int, default=160)
    p.add_argument("--batch-size", type=int, default=64)
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--seed", type=int, default=2)
    return p.parse_args()


def main():
    args = parse()
    torch.manual_seed(args.seed)
    rng = random.Random(args.seed)
    x, y = encode([invent(rng) for _ in range(args.names)])
    xv, yv, x, y = x[:1500], y[:1500], x[1500:], y[1500:]
    model = NameGRU(args.size)
    opt = torch.optim.Adam(model.parameters(), lr=args.lr)
    every = max(1, args.max_steps // 8)
    step, total = 0, 0.0
    while step < args.max_steps:
        for idx in torch.randperm(len(x)).split(args.batch_size):
            loss = F.cross_entropy(model(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            step += 1
            total += loss.item()
            if step % every == 0:
                model.eval()
                with torch.no_grad():
                    out = model(xv)
                model.train()
                print(f"{step:5d} train loss {total / every:.3f} val loss {F.cross_entropy(out, yv).item():.3f} "
                      f"val acc {(out.argmax(1) == yv).float().mean().item():.4f}")
                total = 0.0
            if step == args.max_steps:
                break


if __name__ == "__main__":
    main()
