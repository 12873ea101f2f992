"""Restricted Boltzmann machine over which of 16 village bells ring together, for a change-ringing society.

Persistent contrastive divergence: the surrogate is the free-energy difference between the ringing records
and the chains, so its value means little.  With ten hidden units the partition function can be summed
exactly, and that is what is reported."""
from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass
class Plan:
    bells: int = 16
    hidden: int = 10
    records: int = 8000
    chains: int = 200
    batch: int = 100
    updates: int = 3000
    lr: float = 0.25
    gibbs: int = 2


def ringings(n, bells):
    """Three peals with their own bells, each on or off, and stray ringing."""
    peals = torch.zeros(4, bells)
    for k in range(4):
        peals[k, 4 * k:4 * k + 4] = 1
    on = (torch.rand(n, 4) < torch.tensor([0.6, 0.5, 0.4, 0.3])).float()
    p = 0.05 + 0.87 * (on @ peals)
    return torch.bernoulli(p)


class RBM(torch.nn.Module):
    def __init__(self, v, h):
        super().__init__()
        self.w = torch.nn.Parameter(0.01 * torch.randn(v, h))
        self.bv = torch.nn.Parameter(torch.zeros(v))
        self.bh = torch.nn.Parameter(torch.zeros(h))

    def free_energy(self, v):
        return -(v @ self.bv) - F.softplus(v @ self.w + self.bh).sum(1)

    @torch.no_grad()
    def gibbs(self, v, k):
        for _ in range(k):
            h = torch.bernoulli(torch.sigmoid(v @ self.w + self.bh))
            v = torch.bernoulli(torch.sigmoid(h @ self.w.t() + self.bv))
        return v

    @torch.no_grad()
    def log_z(self):
        n = len(self.bh)
        states = ((torch.arange(2 ** n).unsqueeze(1) >> torch.arange(n)) & 1).float()
        return (states @ self.bh + F.softplus(states @ self.w.t() + self.bv).sum(1)).logsumexp(0)

    @torch.no_grad()
    def nats(self, v):
        return (self.free_energy(v).mean() + self.log_z()).item()


def run(plan):
    torch.manual_seed(33)
    books, later = ringings(plan.records, plan.bells), ringings(2000, plan.bells)
    rbm = RBM(plan.bells, plan.hidden)
    share = books.mean(0).clamp(0.01, 0.99)
    rbm.bv.data = torch.log(share / (1 - share))
    chains = torch.bernoulli(share.expand(plan.chains, -1))
    opt = torch.optim.SGD(rbm.parameters(), lr=plan.lr)
    for g in range(plan.updates):
        for group in opt.param_groups:
            group["lr"] = plan.lr * (1 - g / plan.updates)
        data = books[torch.randint(plan.records, (plan.batch,))]
        chains = rbm.gibbs(chains, plan.gibbs)
        surrogate = rbm.free_energy(data).mean() - rbm.free_energy(chains).mean()
        opt.zero_grad()
        surrogate.backward()
        opt.step()
        if g % 300 == 299:
            print(f"update {g + 1:5d}: surrogate {surrogate.item():+.3f}   nats books {rbm.nats(books):.3f} / later {rbm.nats(later):.3f}")
    # independent bells, for comparison
    ind = F.binary_cross_entropy(share.expand_as(later), later, reduction="none").sum(1).mean().item()
    print(f"independent bells: {ind:.3f} nats")
    return rbm.nats(later)


print(f"later ringings: {run(Plan()):.4f} nats")
