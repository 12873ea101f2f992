"""Gesture recognition from a six-channel inertial sleeve; recordings are stored as (sample, time, channel)."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(5)
np.random.seed(5)
CHANNELS, STEPS, CLASSES = 6, 48, 6


def record(n):
    t = np.linspace(0, 1, STEPS)
    y = np.random.randint(0, CLASSES, n)
    x = np.random.normal(0, 1.0, (n, STEPS, CHANNELS))
    for i, c in enumerate(y):
        freq = np.random.uniform(2.0, 5.0)
        lag = 2 * np.pi * c / CLASSES
        phase = np.random.uniform(0, 2 * np.pi)
        amp = np.random.uniform(0.35, 0.7)
        for ch in range(CHANNELS):
            x[i, :, ch] += amp * np.sin(2 * np.pi * freq * t + phase + lag * ch)
    return x.astype(np.float32), y


class GestureCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(CHANNELS, 16, 7, padding=3)
        self.conv2 = nn.Conv1d(16, 24, 5, padding=2)
        self.bn1, self.bn2 = nn.BatchNorm1d(16), nn.BatchNorm1d(24)
        self.head = nn.Linear(24, CLASSES)

    def forward(self, x):
        x = x.reshape(x.size(0), CHANNELS, STEPS)
        x = F.max_pool1d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.relu(self.bn2(self.conv2(x)))
        return self.head(x.mean(-1))


def test(model, x, y):
    model.eval()
    with torch.no_grad():
        out = model(x)
        return F.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


x, y = record(3600)
x = (x - x[:2800].mean((0, 1))) / x[:2800].std((0, 1))
x, y = torch.from_numpy(x), torch.from_numpy(y)
xtr, ytr, xte, yte = x[:2800], y[:2800], x[2800:], y[2800:]
model = GestureCNN()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
EPOCHS, BATCH = 10, 70
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=EPOCHS * (len(xtr) // BATCH))
for epoch in range(1, EPOCHS + 1):
    model.train()
    for idx in torch.randperm(len(xtr)).split(BATCH):
        loss = F.cross_entropy(model(xtr[idx]), ytr[idx])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        scheduler.step()
    print("Epoch %d train %.3f/%.3f test %.3f/%.3f" % (epoch, *test(model, xtr, ytr), *test(model, xte, yte)))
print(f"Test accuracy: {100 * test(model, xte, yte)[1]:.2f}%")
