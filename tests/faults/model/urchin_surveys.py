"""Densities of four urchin species along diver transects, one trunk and one head per species."""
import numpy as np
import torch
import torch.nn as nn

SPECIES = ("diadema", "echinometra", "tripneustes", "eucidaris")


def transects(n=2400, seed=14):
    rng = np.random.default_rng(seed)
    depth = rng.uniform(1, 25, n)
    rubble = rng.beta(2, 3, n)
    coral = rng.beta(2, 2, n)
    algae = np.clip(1 - coral - 0.3 * rubble + rng.normal(0, 0.15, n), 0, 1)
    surge = np.exp(-depth / 8) * rng.lognormal(0, 0.3, n)
    fished = rng.integers(0, 2, n)
    X = np.stack([depth, rubble, coral, algae, surge, fished], 1)
    shared = 0.5 * fished + 0.8 * (algae - 0.5)
    density = np.stack([
        shared + 1.5 * coral - 0.05 * depth,
        shared + 1.2 * surge - 0.9 * rubble,
        shared + 1.6 * algae - ((depth - 8) / 9) ** 2 * 0.6,
        shared + 0.06 * depth + 1.1 * rubble,
    ], 1) + rng.normal(0, 0.2, (n, 4))
    return X, density


class UrchinNet(nn.Module):
    def __init__(self, n_in, n_out, hidden=48):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(n_in, hidden), nn.ELU(), nn.Linear(hidden, hidden), nn.ELU())
        head = nn.Sequential(nn.Linear(hidden, 16), nn.ELU(), nn.Linear(16, 1))
        self.heads = nn.ModuleList([head for _ in range(n_out)])

    def forward(self, x):
        z = self.trunk(x)
        return torch.cat([head(z) for head in self.heads], dim=1)


class Standardise:
    def __init__(self, a):
        self.mean, self.std = a.mean(0), a.std(0)

    def __call__(self, a):
        return torch.tensor((a - self.mean) / self.std, dtype=torch.float32)


torch.manual_seed(14)
X, Y = transects()
cut = 1900
scale_x, scale_y = Standardise(X[:cut]), Standardise(Y[:cut])
X_train, X_test = scale_x(X[:cut]), scale_x(X[cut:])
Y_train, Y_test = scale_y(Y[:cut]), scale_y(Y[cut:])

model = UrchinNet(X.shape[1], len(SPECIES))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.87)
mse = nn.MSELoss()

for epoch in range(20):
    model.train()
    shuffled = torch.randperm(cut)
    total = 0.0
    for rows in shuffled.split(76):
        optimizer.zero_grad()
        loss = mse(model(X_train[rows]), Y_train[rows])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        test = mse(model(X_test), Y_test).item()
    print(f"epoch {epoch + 1:2d}: train {total / cut:.4f} test {test:.4f}")

with torch.no_grad():
    residual = ((model(X_test) - Y_test) ** 2).mean(0)
for name, r in zip(SPECIES, residual):
    print(f"  {name:12s} unexplained {r.item():.4f}")
print(f"mean unexplained variance: {residual.mean().item():.4f}")
