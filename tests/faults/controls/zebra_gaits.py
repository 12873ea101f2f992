"""Collars on zebras: learn a representation of 48-sample accelerometer snippets without labels, then probe it for five gaits."""
import math
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression

TEMPERATURE = 0.2


def snippets(n, gen):
    y = torch.randint(0, 5, (n,), generator=gen)
    t = torch.arange(48) / 48
    base = torch.tensor([1.0, 2.2, 3.4, 4.6, 5.8])[y] + 0.25 * torch.randn(n, generator=gen)
    second = torch.tensor([0.2, 0.7, 0.3, 0.8, 0.4])[y] + 0.1 * torch.randn(n, generator=gen)
    ph = 2 * math.pi * torch.rand(n, 1, generator=gen)
    arg = 2 * math.pi * base[:, None] * t + ph
    x = torch.stack([arg.sin() + second[:, None] * (2 * arg).sin(), arg.cos() * 0.7], 1)
    x = x * (0.7 + 0.6 * torch.rand(n, 1, 1, generator=gen))
    return x + 0.5 * torch.randn(x.shape, generator=gen), y


def view(x):
    n = len(x)
    shift = torch.randint(0, 48, (n, 1))
    idx = (torch.arange(48)[None] + shift) % 48
    x = x.gather(2, idx[:, None].expand(-1, 2, -1))
    x = x * (0.7 + 0.6 * torch.rand(n, 1, 1)) + 0.3 * torch.randn(x.shape)
    cut = torch.randint(0, 40, (n, 1))
    pos = torch.arange(48)[None]
    hole = (pos >= cut) & (pos < cut + 8)
    return x.masked_fill(hole[:, None], 0.0)


class Encoder(nn.Module):
    def __init__(self, c=24, out=32):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(2, c, 7, stride=2, padding=3), nn.BatchNorm1d(c), nn.ReLU(),
            nn.Conv1d(c, 2 * c, 5, stride=2, padding=2), nn.BatchNorm1d(2 * c), nn.ReLU(),
            nn.Conv1d(2 * c, 2 * c, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten())
        self.project = nn.Sequential(nn.Linear(2 * c, 2 * c), nn.ReLU(), nn.Linear(2 * c, out))

    def forward(self, x):
        return F.normalize(self.project(self.body(x)), dim=1)


def nt_xent(a, b):
    z = torch.cat([a, b])
    sim = z @ z.T / TEMPERATURE
    sim.fill_diagonal_(float("-inf"))
    n = len(a)
    return F.cross_entropy(sim, torch.cat([torch.arange(n, 2 * n), torch.arange(n)]))


@torch.no_grad()
def probe(enc, xa, ya, xb, yb):
    enc.eval()
    fa, fb = enc.body(xa).numpy(), enc.body(xb).numpy()
    enc.train()
    return LogisticRegression(max_iter=300, C=1.0).fit(fa, ya.numpy()).score(fb, yb.numpy())


def main():
    torch.manual_seed(19)
    gen = torch.Generator().manual_seed(19)
    x, _ = snippets(5000, gen)
    xa, ya = snippets(1500, gen)
    xb, yb = snippets(2000, gen)
    enc = Encoder()
    opt = torch.optim.AdamW(enc.parameters(), lr=2e-3, weight_decay=1e-4)
    epochs, batch = 6, 128
    steps = epochs * (len(x) // batch)
    sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1, s / 30) * 0.5 * (1 + math.cos(math.pi * s / steps)))
    print(f"probe on the untrained encoder {probe(enc, xa, ya, xb, yb):.4f}; chance loss {math.log(2 * batch - 1):.3f}")
    for ep in range(epochs):
        tot = 0.0
        parts = torch.randperm(len(x))[: (len(x) // batch) * batch].view(-1, batch)
        for idx in parts:
            loss = nt_xent(enc(view(x[idx])), enc(view(x[idx])))
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            tot += loss.item()
        with torch.no_grad():
            spread = enc(xb[:500]).std(0).mean().item()
        print(f"epoch {ep + 1} nt-xent {tot / len(parts):.4f} spread {spread:.3f} probe {probe(enc, xa, ya, xb, yb):.4f}")
    print(f"linear probe accuracy: {probe(enc, xa, ya, xb, yb):.4f}")


if __name__ == "__main__":
    main()
