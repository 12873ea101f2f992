"""Time to failure of pumps with censoring: a small network under the Cox partial likelihood."""
import argparse

import numpy as np
import torch
import torch.nn as nn

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=60)
parser.add_argument("--lr", type=float, default=1e-2)
parser.add_argument("--patience", type=int, default=12)
args = parser.parse_args()
rng = np.random.default_rng(30)
torch.manual_seed(30)


def fleet(n):
    x = rng.normal(size=(n, 8)).astype(np.float32)
    risk = 0.9 * x[:, 0] + 0.8 * np.abs(x[:, 1]) - 0.7 * x[:, 2] + 0.5 * x[:, 3] * (x[:, 4] > 0)
    failure = rng.exponential(np.exp(-risk))
    censor = rng.exponential(1.5, n)
    time = np.minimum(failure, censor)
    return torch.from_numpy(x), torch.from_numpy(time).float(), torch.from_numpy(failure <= censor)


def cox_loss(score, time, event):
    order = torch.argsort(time, descending=True)
    score, event = score[order], event[order]
    log_risk = torch.logcumsumexp(score, dim=0)
    return -(score - log_risk)[event].mean()


def concordance(score, time, event):
    earlier = (time.unsqueeze(1) < time.unsqueeze(0)) & event.unsqueeze(1)
    right = (score.unsqueeze(1) > score.unsqueeze(0)) & earlier
    return (right.sum() / earlier.sum()).item()


x, time, event = fleet(3000)
tr, va, te = torch.arange(2000), torch.arange(2000, 2500), torch.arange(2500, 3000)
net = nn.Sequential(nn.Linear(8, 32), nn.SELU(), nn.AlphaDropout(0.1), nn.Linear(32, 16), nn.SELU(),
                    nn.Linear(16, 1, bias=False))
opt = torch.optim.Adam(net.parameters(), lr=args.lr, weight_decay=1e-3)

best, best_state, waited = float("inf"), None, 0
for epoch in range(args.epochs):
    net.train()
    total = 0.0
    batches = tr[torch.randperm(len(tr))].split(200)
    for idx in batches:
        loss = cox_loss(net(x[idx]).squeeze(1), time[idx], event[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() / len(batches)
    net.eval()
    with torch.no_grad():
        val = cox_loss(net(x[va]).squeeze(1), time[va], event[va]).item()
    if epoch % 5 == 0:
        print(f"epoch {epoch:3d} partial likelihood {total:.4f} validation {val:.4f}")
    if val < best:
        best, best_state, waited = val, {k: v.clone() for k, v in net.state_dict().items()}, 0
    else:
        waited += 1
        if waited >= args.patience:
            break

net.load_state_dict(best_state)
net.eval()
with torch.no_grad():
    c = concordance(net(x[te]).squeeze(1), time[te], event[te])
print(f"test concordance {c:.4f}")
