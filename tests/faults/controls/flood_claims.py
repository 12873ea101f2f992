# Flag the claims that will end in court.  About one in ten does, and the file says little about
# which, so an average precision between 0.5 and 0.6 is what the office has come to expect.
import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import average_precision_score, roc_auc_score

torch.manual_seed(80)
rng = np.random.default_rng(80)


def claims(n):
    depth = rng.gamma(2, 0.4, n)
    value = rng.lognormal(0, 0.7, n)
    delay = rng.exponential(1.0, n)
    earlier = rng.poisson(0.6, n)
    lawyer = (rng.random(n) < 0.15).astype(float)
    basement = (rng.random(n) < 0.4).astype(float)
    z = -4.3 + 0.8 * np.log(value) + 0.9 * delay + 2.2 * lawyer + 0.7 * basement * depth + 0.35 * earlier
    x = np.column_stack([depth, np.log(value), delay, earlier, lawyer, basement])
    court = rng.random(n) < 1 / (1 + np.exp(-1.2 * z))
    return x, court.astype(np.float32)


x, y = claims(9000)
train, test = slice(0, 7000), slice(7000, None)
x = (x - x[train].mean(0)) / x[train].std(0)
x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y)
print(f"share of court cases: train {y[train].mean():.3f}, test {y[test].mean():.3f}")

model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
loss_fn = nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-5)
warmup = torch.optim.lr_scheduler.LinearLR(opt, 0.1, 1.0, total_iters=100)

step = 0
for epoch in range(10):
    if epoch == 7:
        opt.param_groups[0]["lr"] *= 0.2
    model.train()
    total = 0.0
    for rows in torch.randperm(7000).split(100):
        logit = model(x[train][rows]).squeeze(1)
        loss = loss_fn(logit, y[train][rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step < 100:
            warmup.step()
        step += 1
        total += loss.item() * len(rows)
    model.eval()
    with torch.no_grad():
        logit = model(x[test]).squeeze(1)
        test_loss = loss_fn(logit, y[test]).item()
    ap = average_precision_score(y[test], logit)
    flagged = (logit > 0).sum().item()
    print(f"epoch {epoch + 1:2d}  train {total / 7000:.4f}  test {test_loss:.4f}  AP {ap:.3f}  flagged {flagged}")

print(f"ROC AUC {roc_auc_score(y[test], logit):.4f}")
print(f"average precision {ap:.4f}")
