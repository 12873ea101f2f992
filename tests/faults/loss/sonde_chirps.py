import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
rng = np.random.default_rng(11)

N_CLASSES = 16


def make_chirps(n):
    """Every call type has a start and an end frequency (4 x 4 combinations)."""
    t = np.linspace(0, 1, 96)
    y = rng.integers(0, N_CLASSES, n)
    f0 = 3 + 3.0 * (y // 4) + rng.normal(0, 0.25, n)
    f1 = 3 + 3.0 * (y % 4) + rng.normal(0, 0.25, n)
    phase = 2 * np.pi * (f0[:, None] * t + 0.5 * (f1 - f0)[:, None] * t ** 2)
    x = np.sin(phase + rng.uniform(0, 2 * np.pi, (n, 1))) + rng.normal(0, 0.5, (n, 96))
    x = (x - x.mean()) / x.std()
    return torch.tensor(x, dtype=torch.float32).unsqueeze(1), torch.tensor(y)


class ChirpNet(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.c1 = nn.Conv1d(1, width, 9, padding=4)
        self.c2 = nn.Conv1d(width, width, 9, padding=4)
        self.c3 = nn.Conv1d(width, width, 5, padding=2)
        self.head = nn.Linear(width * 12, N_CLASSES)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.c1(x)), 2)
        x = F.max_pool1d(F.relu(self.c2(x)), 2)
        x = F.max_pool1d(F.relu(self.c3(x)), 2)
        x = self.head(x.flatten(1))
        return F.softmax(x, dim=1)


train_x, train_y = make_chirps(2400)
test_x, test_y = make_chirps(800)
loader = DataLoader(TensorDataset(train_x, train_y), batch_size=48, shuffle=True)

net = ChirpNet()
optimizer = torch.optim.RMSprop(net.parameters(), lr=5e-4)
criterion = nn.NLLLoss()

for epoch in range(8):
    net.train()
    total = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(net(xb), yb)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    net.eval()
    with torch.no_grad():
        out = net(test_x)
        val = criterion(out, test_y).item()
        acc = (out.argmax(1) == test_y).float().mean().item()
    print(f"epoch {epoch + 1:2d}  train {total / len(train_x):.4f}  test {val:.4f}  acc {acc:.4f}")

print(f"final test accuracy: {acc:.4f}")
