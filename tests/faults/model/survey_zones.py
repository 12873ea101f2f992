import math
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(314)
ZONES = 3


def survey(n):
    """Positions along three curved bands; the band is to be told from the position."""
    zone = torch.randint(0, ZONES, (n,))
    r = 0.15 + 0.85 * torch.rand(n).sqrt()
    angle = 2 * math.pi * zone / ZONES + 3.6 * r + 0.34 * torch.randn(n)
    xy = torch.stack([r * angle.cos(), r * angle.sin()], 1)
    return xy / 0.5, zone


class EarlyStopping:
    def __init__(self, patience=6, min_delta=1e-3):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.bad = float("inf"), 0

    def step(self, value):
        if value < self.best - self.min_delta:
            self.best, self.bad = value, 0
        else:
            self.bad += 1
        return self.bad >= self.patience


def build(width=48):
    return nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, ZONES))


x, y = survey(2000)
xv, yv = survey(1000)
train_dl = DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True)
val_dl = DataLoader(TensorDataset(xv, yv), batch_size=250)
model = build()
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=1e-4)
stopper = EarlyStopping()

for epoch in range(1, 121):
    model.train()
    train_loss = 0.0
    for xb, yb in train_dl:
        opt.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        opt.step()
        train_loss += loss.item()
    model.eval()
    val_loss, correct = 0.0, 0
    with torch.no_grad():
        for xb, yb in val_dl:
            out = model(xb)
            val_loss += loss_fn(out, yb).item()
            correct += (out.argmax(1) == yb).sum().item()
    train_loss /= len(train_dl)
    val_loss /= len(val_dl.dataset)
    acc = correct / len(val_dl.dataset)
    print(f"epoch {epoch}: train_loss={train_loss:.4f} val_loss={val_loss:.4f} val_acc={acc:.4f}")
    if stopper.step(val_loss):
        print("early stopping")
        break
