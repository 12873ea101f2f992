"""DeepSets: how long does the depot need to pick an order, given its set of lines?"""
import numpy as np
import pandas as pd
import torch
from torch import nn

rng = np.random.default_rng(23)
torch.manual_seed(23)


# ---------------------------------------------------------------- the two files
def write_orders(n_web=2600, n_phone=3400):
    web = np.arange(n_web) + 10_000
    phone = rng.permutation(np.arange(n_phone) + 40_000)      # filed when the caller hangs up for good
    orders = pd.DataFrame({"order_id": np.concatenate([web, phone])})
    many = rng.integers(2, 9, len(orders))
    n = many.sum()
    lines = pd.DataFrame({
        "order_id": np.repeat(orders.order_id.to_numpy(), many),
        "weight": rng.gamma(2.0, 3.0, n),
        "aisle": rng.uniform(0, 1, n),
        "fragile": (rng.random(n) < 0.3).astype(float),
        "height": rng.uniform(0, 3, n),
        "pieces": rng.integers(1, 6, n).astype(float),
    })
    effort = (0.25 * lines.pieces * (1 + 0.8 * lines.fragile) + 0.12 * (lines.weight - 6).clip(lower=0)
              + 0.6 * (lines.height > 2))
    start = np.concatenate([[0], many.cumsum()[:-1]])
    walk = np.maximum.reduceat(lines.aisle.to_numpy(), start) - np.minimum.reduceat(lines.aisle.to_numpy(), start)
    orders["minutes"] = 1.0 + np.add.reduceat(effort.to_numpy(), start) + 3.0 * walk + rng.normal(0, 0.4, len(orders))
    return orders, lines


orders, lines = write_orders()
cols = ["weight", "aisle", "fragile", "height", "pieces"]
lines[cols] = (lines[cols] - lines[cols].mean()) / lines[cols].std()

# ---------------------------------------------------------------- padded sets
biggest = int(lines.groupby("order_id").size().max())
sets, masks = [], []
for _, part in lines.groupby("order_id"):
    block = np.zeros((biggest, len(cols)), dtype=np.float32)
    block[: len(part)] = part.to_numpy()[:, 1:]
    sets.append(block)
    masks.append(np.arange(biggest) < len(part))
X = torch.from_numpy(np.stack(sets))
M = torch.from_numpy(np.stack(masks)).float().unsqueeze(-1)
y = torch.tensor(orders["minutes"].to_numpy(), dtype=torch.float32)

perm = torch.randperm(len(y))
tr, va = perm[:4800], perm[4800:]
mu, sd = y[tr].mean(), y[tr].std()
y = (y - mu) / sd


class DeepSet(nn.Module):
    def __init__(self, d, h=64):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(d, h), nn.ReLU(), nn.Linear(h, h), nn.ReLU())
        self.rho = nn.Sequential(nn.Linear(3 * h, h), nn.ReLU(), nn.Linear(h, 1))

    def forward(self, x, m):
        e = self.phi(x) * m
        total = e.sum(1) / 5.0
        largest = e.max(1).values
        mean = e.sum(1) / m.sum(1)
        return self.rho(torch.cat([total, largest, mean], -1)).squeeze(-1)


net = DeepSet(len(cols))
optimizer = torch.optim.RAdam(net.parameters(), lr=3e-3)
lr_plan = torch.optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.3)
mse = nn.MSELoss()

for epoch in range(14):
    net.train()
    seen, acc = 0, 0.0
    shuffled = tr[torch.randperm(len(tr))]
    for i in range(0, len(shuffled), 64):
        idx = shuffled[i:i + 64]
        loss = mse(net(X[idx], M[idx]), y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        acc += loss.item() * len(idx)
        seen += len(idx)
    lr_plan.step()
    net.eval()
    with torch.no_grad():
        p = net(X[va], M[va])
        val = mse(p, y[va]).item()
        r2 = 1 - val / y[va].var(unbiased=False).item()
    if epoch % 2 == 1:
        print("epoch", epoch + 1, "train mse %.4f" % (acc / seen), "val mse %.4f" % val,
              "val MAE %.2f min" % ((p - y[va]).abs().mean() * sd).item())

print("R^2 on held-out orders: %.4f" % r2)
