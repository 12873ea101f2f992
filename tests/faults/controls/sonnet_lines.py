"""Tell the rhyme family of a line of verse from its syllables: GRU, label smoothing."""
import argparse
import torch
from torch import nn

SYLLABLES, FAMILIES, LENGTH = 60, 10, 10


def verses(n, gen):
    family = torch.randint(0, FAMILIES, (n,), generator=gen)
    lines = torch.randint(10, SYLLABLES, (n, LENGTH), generator=gen)
    spots = torch.rand(n, LENGTH, generator=gen).argsort(1)[:, :3]
    marked = (family.unsqueeze(1) + torch.randint(0, 2, (n, 3), generator=gen)) % 10
    lines.scatter_(1, spots, marked)
    return lines, family


class VerseGRU(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.emb = nn.Embedding(SYLLABLES, 16)
        self.gru = nn.GRU(16, width, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * width, FAMILIES)

    def forward(self, x):
        h, _ = self.gru(self.emb(x))
        return self.out(h.mean(1))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--width", type=int, default=24)
    p.add_argument("--smoothing", type=float, default=0.2)
    p.add_argument("--epochs", type=int, default=8)
    args = p.parse_args()
    torch.manual_seed(100)
    gen = torch.Generator().manual_seed(100)
    x, y = verses(8000, gen)
    xv, yv = verses(2000, gen)
    net = VerseGRU(args.width)
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, 1e-2, total_steps=args.epochs * 80)
    crit = nn.CrossEntropyLoss(label_smoothing=args.smoothing)
    for epoch in range(args.epochs):
        net.train()
        tot = 0.0
        for idx in torch.randperm(len(x)).split(100):
            opt.zero_grad()
            loss = crit(net(x[idx]), y[idx])
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            opt.step()
            sched.step()
            tot += loss.item()
        net.eval()
        with torch.no_grad():
            out = net(xv)
        print(f"epoch {epoch + 1} loss {tot / 80:.4f} held-out loss {crit(out, yv).item():.4f} accuracy {(out.argmax(1) == yv).float().mean().item():.4f}")


if __name__ == "__main__":
    main()
