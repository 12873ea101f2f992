"""Harvest or wait? A GRU reads ten days of stalk measurements and says which of three weeks to pull."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)
DAYS, FEATURES, WEEKS = 10, 4, 3


class AccuracyMeter:
    def __init__(self):
        self.right = 0
        self.seen = 0

    def update(self, logits, target):
        self.right += int((logits.argmax(dim=-1) == target).sum())
        self.seen += target.numel()

    @property
    def value(self):
        return self.right / max(1, self.seen)


def grow(n, seed):
    gen = torch.Generator().manual_seed(seed)
    vigour = torch.randn(n, 1, generator=gen)
    warm = 0.7 * torch.randn(n, DAYS, generator=gen) + 0.7 * torch.randn(n, 1, generator=gen)
    growth = torch.cumsum(0.3 * vigour + 0.4 * warm.roll(1, dims=1) * (1 + 0.5 * vigour), dim=1)
    length = growth + 0.2 * torch.randn(n, DAYS, generator=gen)
    colour = torch.tanh(growth / 2) + 0.3 * torch.randn(n, DAYS, generator=gen)
    leaf = 0.5 * vigour + torch.randn(n, DAYS, generator=gen)
    ready = growth[:, -1] + 0.8 * (growth[:, -1] - growth[:, 4]) + 0.3 * torch.randn(n, generator=gen)
    week = torch.bucketize(ready, torch.tensor([-1.6, 1.6]))
    return torch.stack([warm, length, colour, leaf], dim=2), week


class StalkGRU(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gru = nn.GRU(FEATURES, hidden, batch_first=True)
        self.out = nn.Linear(hidden, WEEKS)

    def forward(self, x):
        _, h = self.gru(x)
        return self.out(h[-1])


x_train, y_train = grow(4000, 1)
x_valid, y_valid = grow(1200, 2)
mean, std = x_train.mean((0, 1)), x_train.std((0, 1))
train = DataLoader(TensorDataset((x_train - mean) / std, y_train), batch_size=80, shuffle=True)
valid = DataLoader(TensorDataset((x_valid - mean) / std, y_valid), batch_size=300)

model = StalkGRU()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.NAdam(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=12, power=1.0)
train_meter, valid_meter = AccuracyMeter(), AccuracyMeter()

for epoch in range(12):
    model.train()
    loss_sum = 0.0
    for x, y in train:
        logits = model(x)
        loss = criterion(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        train_meter.update(logits.detach(), y)
        loss_sum += loss.item() * len(y)
    scheduler.step()

    model.eval()
    valid_sum = 0.0
    with torch.no_grad():
        for x, y in valid:
            logits = model(x)
            valid_sum += criterion(logits, y).item() * len(y)
            valid_meter.update(logits, y)
    print(f"{epoch + 1:2d}  train loss {loss_sum / len(y_train):.4f} acc {train_meter.value:.3f}"
          f"  valid loss {valid_sum / len(y_valid):.4f} acc {valid_meter.value:.3f}")

print(f"picking week right: {valid_meter.value:.4f}")
