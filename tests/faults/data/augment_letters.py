"""5x7 bitmap letters, jittered copies for training, MLP classifier."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

rng = np.random.default_rng(17)
torch.manual_seed(17)

GLYPHS = {
    "A": "01110 10001 10001 11111 10001 10001 10001", "C": "01110 10001 10000 10000 10000 10001 01110",
    "E": "11111 10000 10000 11110 10000 10000 11111", "F": "11111 10000 10000 11110 10000 10000 10000",
    "H": "10001 10001 10001 11111 10001 10001 10001", "L": "10000 10000 10000 10000 10000 10000 11111",
    "O": "01110 10001 10001 10001 10001 10001 01110", "T": "11111 00100 00100 00100 00100 00100 00100",
}
TEMPLATES = np.stack([[float(c) for c in g.replace(" ", "")] for g in GLYPHS.values()])


def draw(n):
    y = rng.integers(0, len(TEMPLATES), n)
    ink = rng.uniform(0.6, 1.4, (n, 1))
    return TEMPLATES[y] * ink + rng.normal(0, 0.45, (n, 35)), y


def augment(x, y, copies=3):
    """original samples followed by noisy copies of them"""
    xs = [x] + [x + rng.normal(0, 0.1, x.shape) for _ in range(copies - 1)]
    return np.concatenate(xs), np.repeat(y, copies)


x_train, y_train = draw(800)
x_test, y_test = draw(400)
x_train, y_train = augment(x_train, y_train)
mean, std = x_train.mean(), x_train.std()
train_ds = TensorDataset(torch.tensor((x_train - mean) / std).float(), torch.tensor(y_train))
xt, yt = torch.tensor((x_test - mean) / std).float(), torch.tensor(y_test)

model = nn.Sequential(nn.Linear(35, 24), nn.GELU(), nn.Dropout(0.2), nn.Linear(24, len(GLYPHS)))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
criterion = nn.CrossEntropyLoss()
loader = DataLoader(train_ds, batch_size=60, shuffle=True)

for epoch in range(8):
    model.train()
    total, correct = 0.0, 0
    for xb, yb in loader:
        logits = model(xb)
        loss = criterion(logits, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
        correct += (logits.argmax(1) == yb).sum().item()
    model.eval()
    with torch.no_grad():
        acc = (model(xt).argmax(1) == yt).float().mean().item()
    print(f"epoch {epoch + 1}: loss {total / len(train_ds):.4f} train acc {correct / len(train_ds):.3f} test acc {acc:.3f}")
