"""Months until a lift needs its next unplanned repair.

The maintenance contractor wants to rank the lifts of a town by risk.  Time is
counted in whole months, so we model the hazard of each month and many lifts are
still running when the observation ends (censored).
"""
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

SEED = 11
MONTHS = 15
OPT = dict(lr=2e-3, betas=(0.9, 0.99), maximize=True)

rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)


def simulate(n):
    age = rng.gamma(3.0, 6.0, n)
    floors = rng.integers(3, 22, n)
    trips = rng.lognormal(5.5, 0.5, n)
    load = rng.uniform(0.2, 1.0, n)
    hydraulic = rng.integers(0, 2, n)
    coastal = rng.integers(0, 2, n)
    last_overhaul = rng.uniform(0, 10, n)
    risk = (0.9 * np.tanh((age - 18) / 10) + 0.8 * np.log(trips / 245) * (1 + load)
            + 0.9 * hydraulic * coastal + 0.07 * (floors - 12) * (1 - hydraulic)
            + 0.15 * (last_overhaul - 5))
    base = np.linspace(-3.6, -2.3, MONTHS)
    hazard = 1 / (1 + np.exp(-(base[None, :] + 1.4 * risk[:, None])))
    broke = rng.random((n, MONTHS)) < hazard
    event_month = np.where(broke.any(1), broke.argmax(1), MONTHS)
    censor_month = rng.integers(4, MONTHS + 1, n)
    month = np.minimum(event_month, censor_month)
    event = event_month < censor_month
    x = np.stack([age, floors, np.log(trips), load, hydraulic, coastal, last_overhaul], 1)
    return x.astype(np.float32), month, event


def person_period(month, event):
    """at_risk[i, t] = lift i was watched in month t; happened[i, t] = it failed then."""
    t = np.arange(MONTHS)[None, :]
    last = np.where(event, month, month - 1)[:, None]
    at_risk = (t <= last)
    happened = (t == month[:, None]) & event[:, None]
    return torch.tensor(at_risk, dtype=torch.float32), torch.tensor(happened, dtype=torch.float32)


class HazardNet(nn.Module):
    def __init__(self, n_in, width=48):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.risk = nn.Linear(width, 1)
        self.baseline = nn.Parameter(torch.full((MONTHS,), -2.5))

    def forward(self, x):
        return self.risk(self.body(x)) + self.baseline


def nll(logits, at_risk, happened):
    cell = F.binary_cross_entropy_with_logits(logits, happened, reduction="none")
    return (cell * at_risk).sum() / at_risk.sum()


def concordance(score, month, event):
    good = total = 0.0
    for i in np.flatnonzero(event):
        later = month > month[i]
        total += later.sum()
        good += (score[i] > score[later]).sum() + 0.5 * (score[i] == score[later]).sum()
    return good / total


x, month, event = simulate(6500)
x[:, :] = (x - x[:5000].mean(0)) / x[:5000].std(0)
X = torch.from_numpy(x)
R, H = person_period(month, event)
fit, hold = slice(0, 5000), slice(5000, None)
print(f"{event[fit].mean():.0%} of the lifts failed while watched")

model = HazardNet(X.shape[1])
optim = torch.optim.Adam(model.parameters(), **OPT)

for epoch in range(1, 13):
    model.train()
    order = torch.randperm(5000)
    running = 0.0
    for batch in order.split(200):
        loss = nll(model(X[batch]), R[batch], H[batch])
        optim.zero_grad()
        loss.backward()
        optim.step()
        running += loss.item() * len(batch)
    if epoch % 2 == 0:
        model.eval()
        with torch.no_grad():
            out = model(X[hold])
            held = nll(out, R[hold], H[hold]).item()
            failure = 1 - torch.exp(F.logsigmoid(-out).sum(1))
            c = concordance(out.mean(1).numpy(), month[hold], event[hold])
        print(f"[{epoch:02d}] nll/month fit {running / 5000:.4f}  held out {held:.4f}"
              f"  mean failure {failure.mean():.2f}  c-index {c:.4f}")

print(f"final c-index {c:.4f}")
