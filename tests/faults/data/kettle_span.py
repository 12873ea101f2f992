"""When was the kettle on?  A pointer network marks the first and the last sample of the kettle in a house's load curve.

Two pointing steps per curve: start, then end, each by additive attention over the encoded curve.
"""
import math
import torch
from torch import nn

SAMPLES = 32


def curves(n, gen):
    length = torch.randint(5, 12, (n,), generator=gen)
    start = (torch.rand(n, generator=gen) * (SAMPLES - length)).long()
    t = torch.arange(SAMPLES)
    on = (t >= start[:, None]) & (t < (start + length)[:, None])
    base = torch.rand(n, 1, generator=gen) * 2 - 1 + 0.4 * torch.sin(t / 4 + 6.28 * torch.rand(n, 1, generator=gen))
    load = base + 1.5 * on + 0.3 * torch.randn(n, SAMPLES, generator=gen)
    return load.unsqueeze(-1), torch.stack([start, start + length - 1], 1)


class Pointer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.encoder = nn.LSTM(1, width, bidirectional=True)
        self.decoder = nn.LSTMCell(2 * width, 2 * width)
        self.first = nn.Parameter(torch.randn(2 * width) * 0.1)
        self.keys = nn.Linear(2 * width, width)
        self.query = nn.Linear(2 * width, width, bias=False)
        self.v = nn.Linear(width, 1, bias=False)

    def forward(self, load, truth=None):
        memory, _ = self.encoder(load)
        keys = self.keys(memory)
        h = memory.mean(dim=1)
        c = torch.zeros_like(h)
        step_in = self.first.expand(len(load), -1)
        scores = []
        for k in range(2):
            h, c = self.decoder(step_in, (h, c))
            s = self.v(torch.tanh(keys + self.query(h).unsqueeze(1))).squeeze(-1)
            scores.append(s)
            chosen = s.argmax(1) if truth is None else truth[:, k]
            step_in = memory[torch.arange(len(load)), chosen]
        return torch.stack(scores, 1)


class Trainer:
    def __init__(self, model, lr, steps, batch, gen):
        self.model, self.batch, self.gen, self.steps = model, batch, gen, steps
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)
        self.sched = torch.optim.lr_scheduler.LambdaLR(
            self.opt, lambda s: min(1.0, (s + 1) / 30) * 0.5 * (1 + math.cos(math.pi * s / steps)))
        self.smooth = None

    def fit(self, load, span, held):
        for step in range(self.steps):
            idx = torch.randint(len(load), (self.batch,), generator=self.gen)
            scores = self.model(load[idx], span[idx])
            loss = nn.functional.cross_entropy(scores.flatten(0, 1), span[idx].flatten())
            self.opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
            self.opt.step()
            self.sched.step()
            self.smooth = loss.item() if self.smooth is None else 0.95 * self.smooth + 0.05 * loss.item()
            if (step + 1) % 50 == 0:
                print(f"step={step + 1} loss={self.smooth:.3f} held_exact={self.exact(*held):.3f}", flush=True)

    @torch.no_grad()
    def exact(self, load, span):
        hits = [(self.model(l).argmax(-1) == s).float().mean(1)
                for l, s in zip(load.split(self.batch), span.split(self.batch))]
        return torch.cat(hits).mean().item()


gen = torch.Generator().manual_seed(8)
torch.manual_seed(8)
load, span = curves(5000, gen)
held = curves(500, gen)
centre, spread = load.mean(), load.std()
load, held = (load - centre) / spread, ((held[0] - centre) / spread, held[1])
trainer = Trainer(Pointer(32), lr=6e-3, steps=300, batch=50, gen=gen)
trainer.fit(load, span, held)
print(f"endpoints found exactly: {trainer.exact(*held):.4f}")
