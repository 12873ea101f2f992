"""Survival: Cox partial likelihood, concordance index."""
import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(8)
torch.manual_seed(8)
n = 1500
X = rng.normal(size=(n, 10)).astype("float32")
risk = 0.9 * X[:, 0] - 0.7 * X[:, 1] + 0.8 * X[:, 2] * X[:, 3]
time = rng.exponential(np.exp(-risk))
censor = rng.exponential(2.0, size=n)
event = (time <= censor).astype("float32")
time = np.minimum(time, censor)
cut = 1100
Xtr, Xte = torch.tensor(X[:cut]), torch.tensor(X[cut:])
ttr, etr = torch.tensor(time[:cut]), torch.tensor(event[:cut])
tte, ete = time[cut:], event[cut:]


def partial_likelihood(score, t, e):
    order = torch.argsort(t, descending=True)
    score, e = score[order], e[order]
    return -((score - torch.logcumsumexp(score, 0)) * e).sum() / e.sum()


def concordance(score, t, e):
    good = total = 0.0
    for i in np.where(e == 1)[0]:
        later = t > t[i]
        good += (score[i] > score[later]).sum()
        total += later.sum()
    return good / total


net = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Dropout(0.2), nn.Linear(32, 1))
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-2)
for epoch in range(60):
    net.train()
    for idx in torch.randperm(cut).split(220):
        loss = partial_likelihood(net(Xtr[idx]).squeeze(1), ttr[idx], etr[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 10 == 9:
        net.eval()
        with torch.no_grad():
            c = concordance(net(Xte).squeeze(1).numpy(), tte, ete)
        print(f"{epoch + 1:3d} partial likelihood {loss.item():.3f} concordance {c:.3f}")
