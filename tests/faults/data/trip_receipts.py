"""Estimate the cost of a business trip from its receipts, a sequence of varying length."""
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

KINDS = 9


def make_trips(n, gen):
    price = torch.linspace(-1.0, 1.6, KINDS)
    trips, costs = [], []
    for _ in range(n):
        length = int(torch.randint(3, 11, (1,), generator=gen))
        kind = torch.randint(0, KINDS, (length,), generator=gen)
        size = torch.rand(length, generator=gen)
        abroad = torch.rand(1, generator=gen) < 0.3
        cost = (price[kind] * (0.5 + size)).sum() * (1.4 if abroad else 1.0) + 0.25 * torch.randn(1, generator=gen)
        rows = torch.zeros(length, KINDS + 2)
        rows[torch.arange(length), kind] = 1
        rows[:, KINDS] = size
        rows[:, KINDS + 1] = abroad.float()
        trips.append(rows)
        costs.append(cost)
    return trips, torch.cat(costs) / 3


def collate(trips, costs, picks):
    lengths = torch.tensor([len(trips[i]) for i in picks])
    lengths, order = lengths.sort(descending=True)
    padded = pad_sequence([trips[picks[int(k)]] for k in order], batch_first=True)
    target = costs[picks]
    return padded, lengths, target


class CostGRU(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gru = nn.GRU(KINDS + 2, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, padded, lengths):
        _, h = self.gru(pack_padded_sequence(padded, lengths, batch_first=True))
        return self.out(h[-1]).squeeze(1)


class Estimator:
    def __init__(self):
        torch.manual_seed(33)
        gen = torch.Generator().manual_seed(33)
        self.trips, self.costs = make_trips(3000, gen)
        self.eval_trips, self.eval_costs = make_trips(600, gen)
        self.model = CostGRU()
        self.opt = torch.optim.Adam(self.model.parameters(), lr=4e-3)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, 1500)

    def fit(self, rounds=1500, size=4):
        total = 0.0
        for r in range(1, rounds + 1):
            picks = torch.randint(0, len(self.trips), (size,))
            padded, lengths, target = collate(self.trips, self.costs, picks)
            loss = ((self.model(padded, lengths) - target) ** 2).mean()
            self.opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 2.0)
            self.opt.step()
            self.sched.step()
            total += loss.item()
            if r % 150 == 0:
                print(f"round {r} loss {total / 150:.4f} R2 {self.evaluate():.4f}")
                total = 0.0

    @torch.no_grad()
    def evaluate(self):
        guess = torch.cat([self.model(t[None], torch.tensor([len(t)])) for t in self.eval_trips[:300]])
        truth = self.eval_costs[:300]
        return 1 - ((guess - truth) ** 2).mean().item() / truth.var().item()


Estimator().fit()
