import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
PIGMENTS = ["ultramarine", "ochre", "vermilion", "malachite", "umber", "lead_white", "azurite", "madder"]
BANDS = 80


def measure(k, n, g):
    """n reflectance curves of pigment k (two mixed bumps, random gain and drift)."""
    wl = torch.linspace(0, 1, BANDS)
    c1, c2 = 0.15 + 0.09 * k, 0.12 + 0.1 * ((3 * k + 2) % 8)
    a = 0.6 + 0.6 * torch.rand(n, 1, generator=g)
    shift = 0.035 * torch.randn(n, 1, generator=g)
    curve = a * torch.exp(-((wl - c1 - shift) ** 2) / 0.01) + 0.5 * torch.exp(-((wl - c2 + shift) ** 2) / 0.02)
    return curve + 0.2 * torch.randn(n, 1, generator=g) * wl + 0.1 * torch.randn(n, BANDS, generator=g)


def load_folders(per_class=220, held_out=50):
    g = torch.Generator().manual_seed(42)
    xtr, ytr, xte, yte = [], [], [], []
    for k, _ in enumerate(PIGMENTS):
        s = measure(k, per_class, g)
        xtr.append(s[held_out:])
        xte.append(s[:held_out])
        ytr += [k] * (per_class - held_out)
        yte += [k] * held_out
    xtr, xte = torch.cat(xtr), torch.cat(xte)
    mu, sd = xtr.mean(), xtr.std()
    return ((xtr - mu) / sd).unsqueeze(1), torch.tensor(ytr), ((xte - mu) / sd).unsqueeze(1), torch.tensor(yte)


class SpectrumNet(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 16, 7, stride=2, padding=3)
        self.conv2 = nn.Conv1d(16, 24, 5, stride=2, padding=2)
        self.fc = nn.Linear(24 * 20, n_classes)

    def forward(self, x):
        x = torch.relu(self.conv1(x))
        x = torch.relu(self.conv2(x))
        return self.fc(x.flatten(1))


def accuracy(model, loader):
    model.eval()
    hit = n = 0
    with torch.no_grad():
        for x, y in loader:
            hit += (model(x).argmax(1) == y).sum().item()
            n += len(y)
    return hit / n


xtr, ytr, xte, yte = load_folders()
train_loader = DataLoader(TensorDataset(xtr, ytr), batch_size=32)
test_loader = DataLoader(TensorDataset(xte, yte), batch_size=100)
model = SpectrumNet(len(PIGMENTS))
optimizer = torch.optim.SGD(model.parameters(), lr=0.006, momentum=0.9)
criterion = nn.CrossEntropyLoss()

for epoch in range(12):
    model.train()
    running = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item()
    print("epoch %2d  loss %.3f  test acc %.3f" % (epoch + 1, running / len(train_loader), accuracy(model, test_loader)))
print("test accuracy: %.4f" % accuracy(model, test_loader))
