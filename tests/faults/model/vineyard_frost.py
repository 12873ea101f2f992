import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

SEED = 31
HIDDEN = 256
DROPOUT = 0.0
WEIGHT_DECAY = 0.0
EPOCHS = 60

rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)

# two weeks of station readings per site, 24 features; did the site see frost damage?
n = 1100
x = rng.normal(size=(n, 24)).astype("float32")
w = np.zeros(24)
w[:5] = [1.2, -1.0, 0.9, 0.7, -0.6]
p = 1 / (1 + np.exp(-(x @ w + 0.6 * x[:, 5] * x[:, 6])))
y = (rng.uniform(size=n) < p).astype("float32")
train_ds = TensorDataset(torch.tensor(x[:350]), torch.tensor(y[:350]))
val_ds = TensorDataset(torch.tensor(x[350:]), torch.tensor(y[350:]))
train_loader = DataLoader(train_ds, batch_size=25, shuffle=True)
val_loader = DataLoader(val_ds, batch_size=250)


class FrostNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(24, HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT),
            nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Dropout(DROPOUT),
            nn.Linear(HIDDEN, 1),
        )

    def forward(self, x):
        return self.net(x).squeeze(1)


def evaluate(model, loader, criterion):
    model.eval()
    loss = correct = 0.0
    with torch.no_grad():
        for xb, yb in loader:
            logit = model(xb)
            loss += criterion(logit, yb).item() * len(xb)
            correct += ((logit > 0).float() == yb).sum().item()
    return loss / len(loader.dataset), correct / len(loader.dataset)


model = FrostNet()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=WEIGHT_DECAY)
for epoch in range(1, EPOCHS + 1):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        criterion(model(xb), yb).backward()
        optimizer.step()
    tr, _ = evaluate(model, train_loader, criterion)
    va, acc = evaluate(model, val_loader, criterion)
    if epoch % 4 == 0:
        print(f"{epoch:3d}  train {tr:.3f}  val {va:.3f}  acc {acc:.3f}")
print(f"validation log loss {va:.4f} (accuracy {acc:.3f})")
