"""Predict five leaf nutrients at once: a common trunk and one linear head per nutrient."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

NUTRIENTS = ("nitrogen", "phosphorus", "potassium", "calcium", "magnesium")


class LeafAssays(Dataset):
    def __init__(self, x, y):
        self.x = torch.as_tensor(x, dtype=torch.float32)
        self.y = {name: torch.as_tensor(y[:, k], dtype=torch.float32) for k, name in enumerate(NUTRIENTS)}

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], {name: v[i] for name, v in self.y.items()}


class NutrientNet(nn.Module):
    def __init__(self, n_in, width=48):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(n_in, width), nn.GELU(), nn.Linear(width, width), nn.GELU())
        self.heads = nn.ModuleDict(dict.fromkeys(NUTRIENTS, nn.Linear(width, 1)))

    def forward(self, x):
        h = self.trunk(x)
        return {name: head(h).squeeze(-1) for name, head in self.heads.items()}


def total_loss(pred, target):
    return sum(nn.functional.mse_loss(pred[n], target[n]) for n in NUTRIENTS) / len(NUTRIENTS)


@torch.no_grad()
def r2_scores(model, data):
    model.eval()
    pred = model(data.x)
    return {n: 1 - ((pred[n] - data.y[n]) ** 2).mean().item() / data.y[n].var().item() for n in NUTRIENTS}


def simulate(n=4000, seed=12):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 12))
    common = np.tanh(x[:, :4] @ rng.normal(size=4) * 0.6)
    own = np.tanh(x @ rng.normal(size=(12, 5)) * 0.35) + 0.3 * x[:, [5]] * x[:, 6:11]
    y = 1.0 * common[:, None] + own + 0.15 * rng.normal(size=(n, 5))
    return x, (y - y[:3000].mean(0)) / y[:3000].std(0)


torch.manual_seed(12)
x, y = simulate()
train_data, test_data = LeafAssays(x[:3000], y[:3000]), LeafAssays(x[3000:], y[3000:])
loader = DataLoader(train_data, batch_size=100, shuffle=True)
model = NutrientNet(12)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.02)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-2, total_steps=16 * len(loader))
for epoch in range(16):
    model.train()
    running = 0.0
    for xb, yb in loader:
        loss = total_loss(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        running += loss.item()
    r2 = r2_scores(model, test_data)
    print(f"epoch {epoch + 1:2d} train mse {running / len(loader):.4f} test R2 {np.mean(list(r2.values())):.4f}")
print("  ".join(f"{k}={v:.2f}" for k, v in r2.items()))
print(f"mean R2 {np.mean(list(r2.values())):.4f}")
