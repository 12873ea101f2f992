"""Cox partial likelihood with a small net: time to relapse, one third censored."""
import numpy as np
import torch
import torch.nn as nn

rng = np.random.default_rng(9)
torch.manual_seed(9)


def cohort(n):
    x = rng.standard_normal((n, 8))
    risk = 0.9 * x[:, 0] - 0.7 * x[:, 1] + 0.6 * x[:, 2] * x[:, 3] + 0.5 * np.abs(x[:, 4])
    time = rng.exponential(np.exp(-risk))
    censor = rng.exponential(2.0 * np.exp(-risk.mean()), n)
    event = (time <= censor).astype(np.float32)
    pack = lambda a: torch.tensor(a, dtype=torch.float32)
    return pack(x), pack(np.minimum(time, censor)), pack(event)


def neg_partial_likelihood(score, time, event):
    order = time.argsort(descending=True)
    score, event = score[order], event[order]
    return -((score - score.logcumsumexp(0)) * event).sum() / event.sum()


def concordance(score, time, event):
    earlier = (time[:, None] < time[None, :]) & (event[:, None] > 0)
    higher = (score[:, None] > score[None, :]).float() + 0.5 * (score[:, None] == score[None, :]).float()
    return (higher * earlier).sum().item() / earlier.sum().item()


class DeepSurv(nn.Module):
    def __init__(self, d, width=32):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d, width), nn.SELU(), nn.AlphaDropout(0.1),
                                 nn.Linear(width, width), nn.SELU(), nn.Linear(width, 1, bias=False))

    def forward(self, x):
        return self.net(x).squeeze(1)


train, val, test = cohort(2500), cohort(600), cohort(1000)
print("events in training set: %.0f%%" % (100 * train[2].mean()))
model = DeepSurv(8)
opt = torch.optim.AdamW(model.parameters(), lr=6e-3, weight_decay=1e-2)
best, best_state, bad = float("inf"), None, 0
for epoch in range(60):
    model.train()
    total, batches = 0.0, 0
    for rows in torch.randperm(len(train[0])).split(125):
        loss = neg_partial_likelihood(model(train[0][rows]), train[1][rows], train[2][rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total, batches = total + loss.item(), batches + 1
    model.eval()
    with torch.no_grad():
        val_loss = neg_partial_likelihood(model(val[0]), val[1], val[2]).item()
        c = concordance(model(val[0]), val[1], val[2])
    if epoch % 3 == 0:
        print(f"epoch {epoch:2d} train nll {total / batches:.4f} val nll {val_loss:.4f} val c-index {c:.4f}")
    if val_loss < best - 1e-3:
        best, bad = val_loss, 0
        best_state = {k: v.clone() for k, v in model.state_dict().items()}
    else:
        bad += 1
        if bad == 8:
            break
model.load_state_dict(best_state)
model.eval()
with torch.no_grad():
    print(f"test c-index {concordance(model(test[0]), test[1], test[2]):.4f}")
