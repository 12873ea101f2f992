import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1


class Config:
    seed = 5
    batch_size = 64
    max_iters = 800
    eval_interval = 100
    lr = 2e-3
    hidden = 64


cfg = Config()
torch.manual_seed(cfg.seed)

X, y = make_friedman1(n_samples=3000, n_features=8, noise=0.7, random_state=cfg.seed)
X = ((X - X[:2400].mean(0)) / X[:2400].std(0)).astype(np.float32)
y = ((y - y[:2400].mean()) / y[:2400].std()).astype(np.float32)
data = {
    "train": (torch.from_numpy(X[:2400]), torch.from_numpy(y[:2400, None])),
    "val": (torch.from_numpy(X[2400:]), torch.from_numpy(y[2400:, None])),
}


def get_batch(split):
    xs, ys = data[split]
    g = torch.Generator().manual_seed(cfg.seed)
    ix = torch.randint(len(xs), (cfg.batch_size,), generator=g)
    return xs[ix], ys[ix]


@torch.no_grad()
def estimate_loss(model):
    model.eval()
    losses = {}
    for split, (xs, ys) in data.items():
        losses[split] = nn.functional.mse_loss(model(xs), ys).item()
    model.train()
    return losses


class MoistureModel(nn.Module):
    """Predicts the final moisture of a board from kiln settings."""

    def __init__(self, n_in, hidden):
        super().__init__()
        self.inp = nn.Linear(n_in, hidden)
        self.mid = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        h = torch.tanh(self.inp(x))
        h = h + torch.relu(self.mid(h))
        return self.out(h)


model = MoistureModel(X.shape[1], cfg.hidden)
optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=1e-2)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=cfg.max_iters, eta_min=1e-4)

for it in range(cfg.max_iters):
    xb, yb = get_batch("train")
    loss = nn.functional.mse_loss(model(xb), yb)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if (it + 1) % cfg.eval_interval == 0:
        losses = estimate_loss(model)
        print(f"iter {it + 1}: batch loss {loss.item():.4f}, val loss {losses['val']:.4f}")

print(f"final val loss {estimate_loss(model)['val']:.4f}")
