"""Pretrain on digits 0-4, then adapt the network to digits 5-9 (head first, then everything)."""
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(40)
np.random.seed(40)


class StampNet(nn.Module):
    def __init__(self, n_classes=5):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(4, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(24, 8), nn.ReLU())
        self.head = nn.Linear(8, n_classes)

    def forward(self, x):
        return self.head(self.backbone(x))


def batches(x, y, size=32):
    order = torch.randperm(len(x))
    for i in range(0, len(x), size):
        yield x[order[i:i + size]], y[order[i:i + size]]


def fit(model, x, y, xv, yv, epochs, lr, tag):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    loss_fn = nn.CrossEntropyLoss()
    for ep in range(epochs):
        model.train()
        for xb, yb in batches(x, y):
            opt.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            opt.step()
        model.eval()
        with torch.no_grad():
            logits = model(xv)
        acc = (logits.argmax(1) == yv).float().mean().item()
        if (ep + 1) % 5 == 0:
            print(f"{tag} epoch {ep + 1}: loss {loss_fn(logits, yv).item():.4f} accuracy {acc:.4f}")
    return acc


digits = load_digits()
X = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
X = (X - X.mean()) / X.std()
y = torch.tensor(digits.target)
low, high = y < 5, y >= 5

xa, xav, ya, yav = train_test_split(X[low], y[low], test_size=0.25, random_state=0)
xb, xbv, yb, ybv = train_test_split(X[high], y[high] - 5, test_size=0.25, random_state=0)

net = StampNet()
fit(net, xa, ya, xav, yav, epochs=15, lr=5e-3, tag="pretrain")

net.head = nn.Linear(8, 5)
for p in net.backbone.parameters():
    p.requires_grad = False
fit(net, xb, yb, xbv, ybv, epochs=10, lr=5e-3, tag="head")

for p in net.backbone.parameters():
    p.require_grad = True
acc = fit(net, xb, yb, xbv, ybv, epochs=20, lr=5e-3, tag="full")
print(f"accuracy on the new digits: {acc:.4f}")
