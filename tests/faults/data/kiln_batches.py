import types

import numpy as np
import torch
from sklearn.datasets import make_friedman1
from torch import nn

cfg = types.SimpleNamespace(seed=5, batch_size=96, max_iters=1500, eval_every=150, lr=3e-3, hidden=64)
torch.manual_seed(cfg.seed)

sampler = np.random.default_rng(cfg.seed + 1)
X, y = make_friedman1(n_samples=4000, n_features=8, noise=1.0, random_state=cfg.seed)
order = sampler.permutation(len(X))
X, y = X[order], y[order]
X = (X - X[:3200].mean(0)) / X[:3200].std(0)
y = (y - y[:3200].mean()) / y[:3200].std()
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32).unsqueeze(1)
data = {"train": (X[:3200], y[:3200]), "val": (X[3200:], y[3200:])}


def get_batch(split):
    xs, ys = data[split]
    rng = np.random.default_rng(cfg.seed)
    ix = torch.from_numpy(rng.integers(0, len(xs), cfg.batch_size))
    return xs[ix], ys[ix]


class KilnModel(nn.Module):
    def __init__(self, d_in, hidden):
        super().__init__()
        self.inp = nn.Linear(d_in, hidden)
        self.mid = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)
        self.act = nn.SiLU()

    def forward(self, x, targets=None):
        h = self.act(self.inp(x))
        h = h + self.act(self.mid(h))
        pred = self.out(h)
        loss = None if targets is None else nn.functional.mse_loss(pred, targets)
        return pred, loss


@torch.no_grad()
def val_loss(model):
    model.eval()
    _, loss = model(*data["val"])
    model.train()
    return loss.item()


model = KilnModel(X.shape[1], cfg.hidden)
optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=0.05)
scheduler = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda it: min(1.0, (it + 1) / 100) * 0.5 * (1 + np.cos(np.pi * it / cfg.max_iters)))

for it in range(cfg.max_iters):
    xb, yb = get_batch("train")
    _, loss = model(xb, yb)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    scheduler.step()
    if (it + 1) % cfg.eval_every == 0:
        print(f"iter {it + 1}: train loss {loss.item():.4f}, val loss {val_loss(model):.4f}")

print(f"val mse {val_loss(model):.4f}")
