# Which spices went into the pot? Guess them from the readings of an electronic nose.
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(11)
rng = np.random.default_rng(11)

SPICES = ["cumin", "cardamom", "clove", "saffron", "bay", "cinnamon"]
N_POTS, N_SENSORS = 4500, 24


def cook_pots():
    """every spice has a signature on the sensors, a sensor saturates, the cook is generous or not"""
    shares = np.array([0.45, 0.3, 0.2, 0.12, 0.35, 0.25])
    tags = rng.random((N_POTS, len(SPICES))) < shares
    signature = rng.gamma(1.2, 1.0, (len(SPICES), N_SENSORS))
    amount = tags * rng.lognormal(0.0, 0.35, tags.shape)
    reading = np.tanh(0.35 * amount @ signature) + 0.16 * rng.normal(size=(N_POTS, N_SENSORS))
    reading = (reading - reading.mean(0)) / reading.std(0)
    return torch.tensor(reading, dtype=torch.float32), torch.tensor(tags, dtype=torch.float32)


class SpiceNose(nn.Module):
    def __init__(self, n_in, n_out, width=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.tags = nn.Linear(width, n_out)

    def forward(self, x):
        return torch.sigmoid(self.tags(self.body(x)))


def f1(predicted, truth):
    tp = (predicted * truth).sum()
    return (2 * tp / (predicted.sum() + truth.sum()).clamp(min=1)).item()


def evaluate(model, loader):
    model.eval()
    outs, tags = [], []
    with torch.no_grad():
        for x, y in loader:
            outs.append(model(x))
            tags.append(y)
    out, tag = torch.cat(outs), torch.cat(tags)
    predicted = (out > 0.5).float()
    exact = (predicted == tag).all(1).float().mean().item()
    return criterion(out, tag).item(), f1(predicted, tag), exact


x, y = cook_pots()
train_set, test_set = random_split(TensorDataset(x, y), [3500, 1000], generator=torch.Generator().manual_seed(2))
train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
test_loader = DataLoader(test_set, batch_size=250)

model = SpiceNose(N_SENSORS, len(SPICES))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1.5e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=16)

for epoch in range(16):
    model.train()
    total = 0.0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    schedule.step()
    held, score, exact = evaluate(model, test_loader)
    print(f"epoch {epoch + 1:2d}  loss {total / len(train_set):.4f}  test {held:.4f}  micro F1 {score:.4f}  whole pots right {exact:.3f}")

_, score, exact = evaluate(model, test_loader)
print(f"final whole pots right: {exact:.4f}")
