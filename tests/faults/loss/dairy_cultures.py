# Which of 9 starter cultures is in the vat?  Acidity (pH drop) logged every 10 minutes, 64 readings.
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)
rng = np.random.default_rng(21)
STRAINS, T = 9, 64


def fermentation(n):
    strain = rng.integers(0, STRAINS, n)
    t = np.linspace(0, 1, T)
    lag = 0.2 + 0.06 * (strain % 3)[:, None] + rng.normal(0, 0.016, (n, 1))
    rate = 9 + 5.0 * (strain // 3)[:, None] + rng.normal(0, 1.2, (n, 1))
    top = 2.0 + rng.normal(0, 0.12, (n, 1))
    curve = top / (1 + np.exp(-rate * (t - lag - 0.15)))
    curve += rng.normal(0, 0.05, (n, T))
    return curve.astype(np.float32), strain


x, y = fermentation(3600)
x = (x - x[:2800].mean()) / x[:2800].std()
x, y = torch.from_numpy(x).unsqueeze(1), torch.from_numpy(y)
train = DataLoader(TensorDataset(x[:2800], y[:2800]), batch_size=50, shuffle=True)
test = DataLoader(TensorDataset(x[2800:], y[2800:]), batch_size=200)

net = nn.Sequential(
    nn.Conv1d(1, 12, 7, stride=2, padding=3),
    nn.ReLU(),
    nn.Conv1d(12, 16, 5, stride=2, padding=2),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(16 * 16, 32),
    nn.ReLU(),
    nn.Linear(32, STRAINS),
    nn.Softmax(dim=1),
)
criterion = nn.NLLLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.015, momentum=0.9)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[10, 14], gamma=0.2)

for epoch in range(16):
    net.train()
    running, right, seen = 0.0, 0, 0
    for curves, strains in train:
        optimizer.zero_grad()
        out = net(curves)
        loss = criterion(out, strains)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(strains)
        right += (out.argmax(1) == strains).sum().item()
        seen += len(strains)
    scheduler.step()

    net.eval()
    val_loss, val_right = 0.0, 0
    with torch.no_grad():
        for curves, strains in test:
            out = net(curves)
            val_loss += criterion(out, strains).item() * len(strains)
            val_right += (out.argmax(1) == strains).sum().item()
    print("[%02d] loss %.4f acc %.3f | test loss %.4f acc %.3f"
          % (epoch + 1, running / seen, right / seen, val_loss / 800, val_right / 800))

print("final accuracy on unseen vats: %.4f" % (val_right / 800))
