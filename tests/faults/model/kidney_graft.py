"""Discrete-time hazard model for graft failure (eight yearly intervals, right censored)."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

rng = np.random.default_rng(21)
torch.manual_seed(21)
BINS, FEATS = 8, 12
N_TRAIN, N_TEST = 400, 600
EPOCHS = 90
HIDDEN = [64, 32]
PENALTY = 0.0


def cohort(n):
    x = rng.normal(size=(n, FEATS))
    base = np.array([-2.4, -2.2, -2.0, -1.9, -1.8, -1.8, -1.7, -1.6])
    risk = 1.0 * x[:, 0] - 0.8 * x[:, 1] + 0.6 * x[:, 2]
    time = np.full(n, BINS - 1)
    event = np.zeros(n)
    for i in range(n):
        censor = rng.integers(2, BINS + 3)
        for b in range(BINS):
            if b >= censor:
                time[i] = b - 1
                break
            if rng.random() < 1 / (1 + np.exp(-(base[b] + risk[i]))):
                time[i], event[i] = b, 1
                break
    return torch.tensor(x, dtype=torch.float32), torch.tensor(time), torch.tensor(event, dtype=torch.float32)


class HazardNet(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        sizes = [FEATS] + list(hidden)
        body = []
        for a, b in zip(sizes[:-1], sizes[1:]):
            body += [nn.Linear(a, b), nn.ReLU()]
        self.body = nn.Sequential(*body)
        self.risk = nn.Linear(sizes[-1], 1)
        self.base = nn.Parameter(torch.full((BINS,), -2.0))

    def forward(self, x):
        return self.base + self.risk(self.body(x))


def nll(logit, time, event):
    grid = torch.arange(BINS)
    at_risk = (grid <= time[:, None]).float()
    died = (grid == time[:, None]).float() * event[:, None]
    terms = F.binary_cross_entropy_with_logits(logit, died, reduction="none") * at_risk
    return terms.sum(1).mean()


def fit(model, train, test):
    x, t, e = train
    opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=PENALTY)
    for epoch in range(1, EPOCHS + 1):
        model.train()
        perm = torch.randperm(len(x))
        for idx in perm.split(40):
            opt.zero_grad()
            loss = nll(model(x[idx]), t[idx], e[idx])
            loss.backward()
            opt.step()
        if epoch % 10 == 0:
            model.eval()
            with torch.no_grad():
                print(f"epoch {epoch:3d} | train nll {nll(model(x), t, e):.4f} | "
                      f"test nll {nll(model(test[0]), test[1], test[2]):.4f}")


train, test = cohort(N_TRAIN), cohort(N_TEST)
net = HazardNet(HIDDEN)
fit(net, train, test)
net.eval()
with torch.no_grad():
    print(f"graft model: held-out NLL {nll(net(test[0]), test[1], test[2]).item():.4f}")
