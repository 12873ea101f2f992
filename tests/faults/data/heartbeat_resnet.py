"""Beat types in single-lead recordings, 1-D residual network."""
import math

import torch
from torch import nn, optim

torch.manual_seed(8)
CLASSES, LENGTH, PER_CLASS = 5, 64, 320


def record(kind, n):
    """n beats of one kind: position, width and sign of the waves differ."""
    t = torch.linspace(0, 1, LENGTH).repeat(n, 1)
    jitter = 0.06 * torch.randn(n, 1)
    qrs = torch.exp(-((t - 0.5 - jitter) / (0.02 + 0.006 * kind)) ** 2)
    wave = (0.5 - 0.2 * kind) * torch.exp(-((t - 0.72 - jitter) / 0.05) ** 2)
    atrial = (0.1 + 0.1 * ((kind * 2) % 5)) * torch.exp(-((t - 0.3 - jitter) / 0.04) ** 2)
    wander = 0.3 * torch.sin(2 * math.pi * (t + torch.rand(n, 1)))
    return qrs + wave + atrial + wander + 0.09 * torch.randn(n, LENGTH)


class ResBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(c, c, 5, padding=2), nn.GroupNorm(4, c), nn.ReLU(),
                                  nn.Conv1d(c, c, 5, padding=2), nn.GroupNorm(4, c))

    def forward(self, x):
        return torch.relu(x + self.body(x))


class BeatNet(nn.Module):
    def __init__(self, c=16):
        super().__init__()
        self.stem = nn.Conv1d(1, c, 7, stride=2, padding=3)
        self.stage = nn.Sequential(ResBlock(c), nn.MaxPool1d(2), ResBlock(c))
        self.fc = nn.Linear(c * 16, CLASSES)

    def forward(self, x):
        return self.fc(self.stage(torch.relu(self.stem(x))).flatten(1))


signals = torch.cat([record(k, PER_CLASS) for k in range(CLASSES)]).unsqueeze(1)
kinds = torch.arange(CLASSES).repeat_interleave(PER_CLASS)
signals = (signals - signals.mean()) / signals.std()
held_out = torch.arange(len(kinds)) % 5 == 0
train_x, train_y = signals[~held_out], kinds[~held_out]
test_x, test_y = signals[held_out], kinds[held_out]

model = BeatNet()
optimizer = optim.AdamW(model.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()
batch_size = 32

for epoch in range(16):
    model.train()
    order = torch.arange(len(train_y))
    epoch_loss = 0.0
    for i in range(0, len(order), batch_size):
        rows = order[i:i + batch_size]
        optimizer.zero_grad()
        loss = criterion(model(train_x[rows]), train_y[rows])
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * len(rows)
    print(f"Epoch {epoch + 1}/16 - loss: {epoch_loss / len(train_y):.4f}")

model.eval()
with torch.no_grad():
    acc = (model(test_x).argmax(dim=1) == test_y).float().mean()
print(f"Test accuracy: {acc:.4f}")
