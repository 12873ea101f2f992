"""Tell bow strokes apart from wrist acceleration.  Memory is short on the recorder, so small
micro-batches are used and their gradients added up before each update."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

MICRO, ACCUM = 16, 4
STROKES = 6


def strokes(n, rng):
    kind = rng.integers(0, STROKES, n)
    t = np.linspace(0, 1, 40)
    freq = np.array([1.5, 3.0, 4.5])[kind % 3][:, None] + rng.normal(0, 0.25, (n, 1))
    sharp = np.where(kind < 3, 1.0, 3.5)[:, None]
    phase = rng.uniform(0, 2 * np.pi, (n, 1))
    a = np.tanh(sharp * np.sin(2 * np.pi * freq * t + phase))
    b = np.cos(2 * np.pi * freq * t + phase) * rng.uniform(0.5, 1.0, (n, 1))
    x = np.stack([a, b], 1) + rng.normal(0, 0.4, (n, 2, 40))
    return torch.tensor(x, dtype=torch.float32), torch.tensor(kind)


class StrokeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(2, 16, 7, padding=3)
        self.conv2 = nn.Conv1d(16, 24, 5, padding=2)
        self.norm = nn.GroupNorm(4, 24)
        self.fc = nn.Linear(24, STROKES)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.conv1(x)), 2)
        x = F.relu(self.norm(self.conv2(x)))
        return self.fc(x.mean(2))


def train_epoch(model, opt, x, y):
    model.train()
    total = 0.0
    opt.zero_grad()
    for k, rows in enumerate(torch.randperm(len(y)).split(MICRO), start=1):
        loss = F.cross_entropy(model(x[rows]), y[rows])
        (loss / ACCUM).backward()
        total += loss.item() * len(rows)
        if k % ACCUM == 0:
            opt.step()
            opt.zero_grad()
    return total / len(y)


def test(model, x, y):
    model.eval()
    with torch.no_grad():
        out = model(x)
    return F.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


torch.manual_seed(31)
rng = np.random.default_rng(31)
x, y = strokes(1920, rng)
x_test, y_test = strokes(600, rng)
mean, std = x.mean((0, 2), keepdim=True), x.std((0, 2), keepdim=True)
x, x_test = (x - mean) / std, (x_test - mean) / std

model = StrokeNet()
opt = torch.optim.Adam(model.parameters(), lr=8e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
for epoch in range(10):
    train_loss = train_epoch(model, opt, x, y)
    sched.step()
    test_loss, acc = test(model, x_test, y_test)
    print("epoch %2d  train %.4f  test %.4f  accuracy %.3f" % (epoch + 1, train_loss, test_loss, acc))
print("bow strokes recognised: %.4f" % acc)
