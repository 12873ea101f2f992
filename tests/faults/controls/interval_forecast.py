import argparse

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

ap = argparse.ArgumentParser(description="10 %, 50 % and 90 % quantiles of tomorrow's demand")
ap.add_argument("--epochs", type=int, default=12)
ap.add_argument("--lr", type=float, default=2e-3)
ap.add_argument("--seed", type=int, default=19)
args = ap.parse_args()
torch.manual_seed(args.seed)
LEVELS = torch.tensor([0.1, 0.5, 0.9])


def days(n, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 5))
    spread = np.exp(0.5 * x[:, 1] - 0.6)
    y = np.sin(1.5 * x[:, 0]) + 0.4 * x[:, 2] + spread * rng.normal(size=n)
    return TensorDataset(torch.tensor(x, dtype=torch.float32), torch.tensor(y / 1.1, dtype=torch.float32).unsqueeze(1))


def pinball(pred, target):
    error = target - pred                      # (N, 1) against (N, 3)
    return torch.maximum(LEVELS * error, (LEVELS - 1) * error).mean()


class QuantileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        self.middle = nn.Linear(32, 1)
        self.gaps = nn.Linear(32, 2)

    def forward(self, x):
        h = self.body(x)
        mid, gap = self.middle(h), nn.functional.softplus(self.gaps(h))
        return torch.cat([mid - gap[:, :1], mid, mid + gap[:, 1:]], 1)


train, test = days(6000, 0), days(2000, 1)
loader = DataLoader(train, batch_size=64, shuffle=True)
model = QuantileNet()
optimizer = torch.optim.RMSprop(model.parameters(), lr=args.lr)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
for epoch in range(args.epochs):
    model.train()
    total = 0.0
    for x, y in loader:
        loss = pinball(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        x, y = test.tensors
        q = model(x)
        val = pinball(q, y).item()
        inside = ((y >= q[:, :1]) & (y <= q[:, 2:])).float().mean().item()
    print(f"epoch {epoch + 1}: train {total / len(train):.4f} test {val:.4f} coverage {inside:.3f}")
print(f"pinball loss {val:.4f}")
