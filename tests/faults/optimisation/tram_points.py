"""Which branch is the tram line's points machine set to?  A causal transformer reads the control room's event log.

Each log is a sequence of event codes; codes 1..5 set the points, the rest is chatter. After every event the
model says which way the points lie. Logs have different lengths.
"""
import torch
from torch import nn

WAYS, CODES, LONGEST = 5, 24, 24


def logs(n, gen):
    x = torch.randint(WAYS + 1, CODES, (n, LONGEST), generator=gen)
    setting = torch.rand(n, LONGEST, generator=gen) < 0.2
    setting[:, 0] = True
    x = torch.where(setting, torch.randint(1, WAYS + 1, x.shape, generator=gen), x)
    lengths = torch.randint(10, LONGEST + 1, (n,), generator=gen)
    y, now = torch.empty_like(x), torch.zeros(n, dtype=torch.long)
    for t in range(LONGEST):
        now = torch.where(setting[:, t], x[:, t] - 1, now)
        y[:, t] = now
    pad = torch.arange(LONGEST) >= lengths[:, None]
    return x.masked_fill(pad, 0), y.masked_fill(pad, -1), pad


class PointsReader(nn.Module):
    def __init__(self, d=48, heads=4, layers=2):
        super().__init__()
        self.code = nn.Embedding(CODES, d, padding_idx=0)
        self.place = nn.Parameter(torch.randn(LONGEST, d) * 0.1)
        block = nn.TransformerEncoderLayer(d, heads, 2 * d, dropout=0.0, batch_first=True)
        self.blocks = nn.TransformerEncoder(block, layers, enable_nested_tensor=False)
        self.way = nn.Linear(d, WAYS)
        self.register_buffer("causal", torch.ones(LONGEST, LONGEST, dtype=torch.bool).triu(1))

    def forward(self, x, pad):
        return self.way(self.blocks(self.code(x) + self.place, mask=self.causal, src_key_padding_mask=pad))


class NoamRate:
    """rate = factor * d^-0.5 * min(step^-0.5, step * warmup^-1.5), set by hand before each step"""

    def __init__(self, opt, d, factor, warmup):
        self.opt, self.scale, self.warmup, self.n = opt, factor * d ** -0.5, warmup, 0

    def step(self):
        self.n += 1
        rate = self.scale * min(self.n ** -0.5, self.n * self.warmup ** -1.5)
        for group in self.opt.param_groups:
            group["lr"] = rate
        self.opt.step()
        return rate


def masked_accuracy(model, data):
    x, y, pad = data
    model.eval()
    with torch.no_grad():
        hit = (model(x, pad).argmax(-1) == y)[~pad]
    model.train()
    return hit.float().mean().item()


def main():
    torch.manual_seed(21)
    gen = torch.Generator().manual_seed(21)
    train, held = logs(2400, gen), logs(400, gen)
    model = PointsReader()
    d = model.place.shape[1]
    opt = torch.optim.Adam(model.parameters(), lr=0.0, betas=(0.9, 0.98), eps=1e-9)
    rate = NoamRate(opt, d, factor=4.0, warmup=40)
    tokens, total = 0, 0.0
    for epoch in range(4):
        for idx in torch.randperm(len(train[0]), generator=gen).split(40):
            x, y, pad = (part[idx] for part in train)
            scores = model(x, pad)
            loss = nn.functional.cross_entropy(scores[~pad], y[~pad])
            opt.zero_grad()
            loss.backward()
            now = rate.step()
            total += loss.item() * int((~pad).sum())
            tokens += int((~pad).sum())
        print(f"epoch {epoch + 1} nats/event {total / tokens:.4f} rate {now:.5f} held-out {masked_accuracy(model, held):.4f}",
              flush=True)
        tokens, total = 0, 0.0
    print("points read correctly:", round(masked_accuracy(model, held), 4))


if __name__ == "__main__":
    main()
