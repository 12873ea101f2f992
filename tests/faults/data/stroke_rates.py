"""Rowing technique from oar-angle recordings of different length (packed GRU).

A coach labelled each piece of rowing as one of four technique faults of the crew.
"""
import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset, Sampler

KINDS = ["late catch", "early drive", "short finish", "clean"]
FULL = 36


def piece(kind, rng):
    n = FULL if rng.random() < 0.3 else int(rng.integers(20, FULL))
    t = np.arange(n)
    period = rng.uniform(8, 11)
    phase = (t / period + rng.random()) % 1.0
    warp = {0: 0.55, 1: 1.8, 2: 1.0, 3: 1.0}[kind]
    angle = np.sin(2 * np.pi * phase ** warp)
    if kind == 2:
        angle = np.minimum(angle, 0.35)
    force = np.where(phase ** warp < 0.5, 1.0, 0.0)
    x = np.stack([angle, force], 1) + rng.normal(0, 0.3, (n, 2))
    return torch.tensor(x, dtype=torch.float32)


class Pieces(Dataset):
    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        self.kind = rng.integers(0, len(KINDS), n)
        self.x = [piece(k, rng) for k in self.kind]

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], int(self.kind[i])


class ByLength(Sampler):
    """Full-length pieces and the cut ones go into batches of their own, so that little is padded."""

    def __init__(self, data, size, seed):
        self.groups = [[i for i in range(len(data)) if (len(data.x[i]) == FULL) == full] for full in (True, False)]
        self.size, self.rng = size, np.random.default_rng(seed)

    def __iter__(self):
        out = []
        for group in self.groups:
            mixed = self.rng.permutation(group).tolist()
            out += [mixed[i:i + self.size] for i in range(0, len(mixed), self.size)]
        self.rng.shuffle(order := list(range(len(out))))
        return iter([out[i] for i in order])

    def __len__(self):
        return sum(-(-len(g) // self.size) for g in self.groups)


def collate(items):
    xs, kinds = zip(*items)
    xs = sorted(xs, key=len, reverse=True)
    lengths = torch.tensor([len(x) for x in xs])
    return pad_sequence(xs, batch_first=True), lengths, torch.tensor(kinds)


class StrokeNet(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.gru = nn.GRU(2, width, batch_first=True)
        self.head = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, len(KINDS)))

    def forward(self, x, lengths):
        _, h = self.gru(pack_padded_sequence(x, lengths, batch_first=True))
        return self.head(h[-1])


def run(loader, net, opt=None):
    total = right = n = 0
    net.train(opt is not None)
    with torch.set_grad_enabled(opt is not None):
        for x, lengths, kinds in loader:
            out = net(x, lengths)
            loss = nn.functional.cross_entropy(out, kinds)
            if opt is not None:
                opt.zero_grad()
                loss.backward()
                opt.step()
            total, n = total + loss.item() * len(kinds), n + len(kinds)
            right += (out.argmax(1) == kinds).sum().item()
    return total / n, right / n


def main():
    torch.manual_seed(14)
    train, test = Pieces(1400, 1), Pieces(400, 2)
    fit = DataLoader(train, batch_sampler=ByLength(train, 32, 3), collate_fn=collate)
    check = DataLoader(test, batch_size=50, collate_fn=lambda items: collate(sorted(items, key=lambda p: -len(p[0]))))
    net = StrokeNet()
    opt = torch.optim.AdamW(net.parameters(), lr=6e-3, weight_decay=1e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 9)
    for epoch in range(9):
        tl, ta = run(fit, net, opt)
        vl, va = run(check, net)
        sched.step()
        print(f"#{epoch:<3} fit {tl:.3f}/{ta:.3f}   check {vl:.3f}/{va:.3f}", flush=True)
    print(f"check accuracy {va:.4f}")


main()
