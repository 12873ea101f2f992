import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

# Rowing machine force curves. The technician codes the stroke fault as 1..6.
N_CODES = 6
LENGTH = 60


def force_curve(code, rng):
    t = np.linspace(0, 1, LENGTH)
    peak = [0.35, 0.5, 0.65, 0.5, 0.4, 0.58][code - 1] + 0.02 * rng.normal()
    width = [0.16, 0.16, 0.16, 0.24, 0.10, 0.10][code - 1] * (1 + 0.08 * rng.normal())
    curve = np.exp(-0.5 * ((t - peak) / width) ** 2) * rng.uniform(0.8, 1.2)
    if code == 4:
        curve += 0.25 * np.exp(-0.5 * ((t - 0.8) / 0.05) ** 2)
    return curve + 0.12 * rng.normal(size=LENGTH)


class StrokeDataset(Dataset):
    """Curves with the codes from the technician's sheet."""

    def __init__(self, n, seed, stats=None):
        rng = np.random.default_rng(seed)
        self.codes = torch.from_numpy(rng.integers(1, N_CODES + 1, size=n))
        curves = np.stack([force_curve(int(c), rng) for c in self.codes])
        self.stats = stats or (curves.mean(), curves.std())
        self.curves = torch.tensor((curves - self.stats[0]) / self.stats[1], dtype=torch.float32)
        self.targets = self.codes.clamp(max=N_CODES - 1)

    def to_code(self, index):
        return index

    def __len__(self):
        return len(self.codes)

    def __getitem__(self, i):
        return self.curves[i].unsqueeze(0), self.targets[i], self.codes[i]


class StrokeCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(1, 16, 5, padding=2), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(16, 32, 5, padding=2), nn.BatchNorm1d(32), nn.ReLU(), nn.MaxPool1d(2),
            nn.Flatten(), nn.Linear(32 * 15, N_CODES))

    def forward(self, x):
        return self.net(x)


torch.manual_seed(0)
train_set = StrokeDataset(2400, seed=1)
test_set = StrokeDataset(900, seed=2, stats=train_set.stats)
loader = DataLoader(train_set, batch_size=40, shuffle=True)
test_loader = DataLoader(test_set, batch_size=300)
model = StrokeCNN()
criterion = nn.CrossEntropyLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-3)

for epoch in range(12):
    model.train()
    seen = 0.0
    for curve, target, _ in loader:
        loss = criterion(model(curve), target)
        opt.zero_grad()
        loss.backward()
        opt.step()
        seen += loss.item() * len(curve)
    model.eval()
    hits, vloss = 0, 0.0
    with torch.no_grad():
        for curve, target, code in test_loader:
            out = model(curve)
            vloss += criterion(out, target).item() * len(curve)
            hits += (test_set.to_code(out.argmax(1)) == code).sum().item()
    print(f"epoch {epoch + 1}: train loss {seen / len(train_set):.4f}, test loss {vloss / len(test_set):.4f}")
print(f"share of codes read correctly: {hits / len(test_set):.4f}")
