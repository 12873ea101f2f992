import numpy as np
import torch
import torch.nn as nn

LOOMS, OPERATORS, RANK = 50, 50, 3


def shift_records(seed=6, n=9000):
    """Output of each shift: which loom, which operator, how many metres (standardised)."""
    g = np.random.default_rng(seed)
    lf, of = g.normal(size=(LOOMS, RANK)), g.normal(size=(OPERATORS, RANK))
    lb, ob = 0.8 * g.normal(size=LOOMS), 0.8 * g.normal(size=OPERATORS)
    loom, oper = g.integers(0, LOOMS, n), g.integers(0, OPERATORS, n)
    metres = (lf[loom] * of[oper]).sum(1) * 0.6 + lb[loom] + ob[oper] + 0.3 * g.normal(size=n)
    metres = (metres - metres.mean()) / metres.std()
    return torch.tensor(loom), torch.tensor(oper), torch.tensor(metres, dtype=torch.float32)


class YieldModel(nn.Module):
    def __init__(self, n_looms, n_operators, dim=4):
        super().__init__()
        self.loom = nn.Embedding(n_looms, dim)
        self.operator = self.loom
        self.mlp = nn.Sequential(nn.Linear(3 * dim, 32), nn.ReLU(), nn.Linear(32, 1))
        for e in (self.loom, self.operator):
            nn.init.normal_(e.weight, std=0.3)

    def forward(self, loom, operator):
        a, b = self.loom(loom), self.operator(operator)
        return self.mlp(torch.cat([a, b, a * b], dim=1)).squeeze(1)


def mse(model, part):
    model.eval()
    with torch.no_grad():
        return nn.functional.mse_loss(model(part[0], part[1]), part[2]).item()


torch.manual_seed(6)
records = shift_records()
train = tuple(r[:7000] for r in records)
val = tuple(r[7000:8000] for r in records)
test = tuple(r[8000:] for r in records)

model = YieldModel(LOOMS, OPERATORS)
optimizer = torch.optim.AdamW(model.parameters(), lr=8e-3, weight_decay=0.05)
best, best_state, patience = float("inf"), None, 0
for epoch in range(40):
    model.train()
    for idx in torch.randperm(7000).split(100):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(train[0][idx], train[1][idx]), train[2][idx])
        loss.backward()
        optimizer.step()
    v = mse(model, val)
    print(f"epoch {epoch:2d} train {mse(model, train):.4f} val {v:.4f}")
    if v < best - 1e-4:
        best, patience = v, 0
        best_state = {k: t.clone() for k, t in model.state_dict().items()}
    else:
        patience += 1
        if patience == 5:
            print("early stop")
            break
model.load_state_dict(best_state)
print(f"test MSE {mse(model, test):.4f}")
