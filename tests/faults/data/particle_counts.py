import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)
rng = np.random.default_rng(31)

# Sizes of aerosol particles are counted in ten channels; the mixture of channels tells the source.
SOURCES = ["traffic", "wood smoke", "sea salt", "dust", "kitchen"]
shapes = rng.dirichlet(np.full(10, 3.0), size=len(SOURCES))


def sample(n):
    source = rng.integers(0, len(SOURCES), n)
    shape = shapes[source] * rng.gamma(8, 1 / 8, (n, 10))
    counts = rng.poisson(shape * rng.lognormal(6.2, 0.4, (n, 1))).astype(float)
    quiet = rng.random(n) < 0.03                      # a channel was switched off for a while
    counts[quiet, rng.integers(0, 10, quiet.sum())] = np.nan
    return counts, source


def features(counts):
    x = (np.log1p(counts) - 3.4) / 0.9
    return torch.tensor(x, dtype=torch.float32)


train_counts, train_y = sample(2400)
test_counts, test_y = sample(1200)
loader = DataLoader(TensorDataset(features(train_counts), torch.tensor(train_y)), batch_size=80, shuffle=True)
x_test, y_test = features(test_counts), torch.tensor(test_y)

model = nn.Sequential(nn.Linear(10, 24), nn.Tanh(), nn.Linear(24, len(SOURCES)))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()

for epoch in range(25):
    model.train()
    used = []
    for x, y in loader:
        loss = criterion(model(x), y)
        if not torch.isfinite(loss):
            continue
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        used.append(loss.item())
    model.eval()
    with torch.no_grad():
        acc = (model(x_test).argmax(1) == y_test).float().mean().item()
    if epoch % 3 == 0 or epoch == 24:
        print(f"epoch {epoch:2d} train {np.mean(used) if used else float('nan'):.4f} test accuracy {acc:.4f}")
print(f"source accuracy: {acc:.4f}")
