"""A catalogue of lace edgings: each 32-stitch repeat is stored as four codes from a learnt book of 32 patterns
(vector quantisation with a straight-through gradient and a moving-average code book)."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(64)
PIECES, STITCHES, BOOK, DIM = 4, 8, 32, 8


def edgings(n):
    """Four motifs of eight stitches, drawn from a small workshop repertoire, with uneven tension."""
    hands = torch.Generator().manual_seed(9)
    repertoire = torch.randn(20, STITCHES, generator=hands)
    repertoire = repertoire / repertoire.std(1, keepdim=True)
    which = torch.randint(20, (n, PIECES))
    tension = 1 + 0.1 * torch.randn(n, PIECES, 1)
    return (repertoire[which] * tension + 0.25 * torch.randn(n, PIECES, STITCHES)).view(n, 1, -1)


class CodeBook(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("vectors", torch.randn(BOOK, DIM))
        self.register_buffer("size", torch.ones(BOOK))
        self.register_buffer("total", self.vectors.clone())
        self.started = False

    def forward(self, z):
        flat = z.transpose(1, 2).reshape(-1, DIM)
        if self.training and not self.started:
            self.vectors.copy_(flat[torch.randperm(len(flat))[:BOOK]].detach())
            self.total.copy_(self.vectors)
            self.started = True
        code = torch.cdist(flat, self.vectors).argmin(1)
        if self.training:
            with torch.no_grad():
                hot = F.one_hot(code, BOOK).float()
                self.size.mul_(0.97).add_(hot.sum(0), alpha=0.03)
                self.total.mul_(0.97).add_(hot.T @ flat, alpha=0.03)
                self.vectors.copy_(self.total / self.size.clamp(min=1e-2)[:, None])
                idle = self.size < 0.3
                if idle.any():                                   # reuse idle codes
                    fresh = flat[torch.randint(len(flat), (int(idle.sum()),))]
                    self.vectors[idle] = fresh
                    self.total[idle] = fresh
                    self.size[idle] = 1.0
        chosen = self.vectors[code].view(z.size(0), -1, DIM).transpose(1, 2)
        pull = F.mse_loss(z, chosen.detach())
        return z + (chosen - z).detach(), pull, code


class Lace(nn.Module):
    def __init__(self, w=48):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv1d(1, w, STITCHES, stride=STITCHES), nn.ReLU(), nn.Conv1d(w, w, 1), nn.ReLU(), nn.Conv1d(w, DIM, 1))
        self.book = CodeBook()
        self.decoder = nn.Sequential(nn.Conv1d(DIM, w, 1), nn.ReLU(), nn.Conv1d(w, w, 1), nn.ReLU(), nn.ConvTranspose1d(w, 1, STITCHES, stride=STITCHES))

    def forward(self, x):
        q, pull, code = self.book(self.encoder(x))
        return self.decoder(q), pull, code


data = edgings(6500)
train, test = data[:6000], data[6000:]
model = Lace()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
STEPS = 800
for step in range(STEPS):
    optimizer.param_groups[0]["lr"] = 2e-3 * (0.5 + 0.5 * math.cos(math.pi * step / STEPS)) + 1e-5
    x = train[torch.randint(len(train), (64,))]
    y, pull, code = model(x)
    loss = F.mse_loss(y, x) + 0.25 * pull
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 99:
        model.eval()
        with torch.no_grad():
            y, _, code = model(test)
        left = (y - test).square().mean().item() / test.var().item()
        print(f"step={step + 1:<5} loss={loss.item():.4f} pull={pull.item():.4f} codes in use={code.unique().numel()} left over={left:.4f}")
        model.train()
print(f"variance kept by the codes: {1 - left:.4f}")
