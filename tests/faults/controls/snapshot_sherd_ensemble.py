import copy
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

CYCLES, CYCLE_EPOCHS, BATCH = 3, 6, 50


def data():
    X, y = load_digits(return_X_y=True)
    a, b, c, d = train_test_split(X, y, test_size=0.25, stratify=y, random_state=8)
    m, s = a.mean(), a.std()
    return (torch.tensor((a - m) / s).float().view(-1, 1, 8, 8), torch.tensor(c),
            torch.tensor((b - m) / s).float().view(-1, 1, 8, 8), torch.tensor(d))


class SmallConv(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                                  nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Linear(24 * 4, 10)

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


torch.manual_seed(15)
x_train, y_train, x_test, y_test = data()
model = SmallConv()
optimizer = torch.optim.SGD(model.parameters(), lr=0.08, momentum=0.9, nesterov=True, weight_decay=1e-3)
steps = -(-len(x_train) // BATCH)
scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=CYCLE_EPOCHS * steps)
snapshots = []

for epoch in range(1, CYCLES * CYCLE_EPOCHS + 1):
    model.train()
    total = 0.0
    for idx in torch.randperm(len(x_train)).split(BATCH):
        loss = F.cross_entropy(model(x_train[idx]), y_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item() * len(idx)
    model.eval()
    with torch.no_grad():
        z = model(x_test)
    print(f"epoch {epoch:2d} loss {total / len(x_train):.4f} test loss {F.cross_entropy(z, y_test).item():.4f} "
          f"acc {(z.argmax(1) == y_test).float().mean().item():.4f}")
    if epoch % CYCLE_EPOCHS == 0:
        snapshots.append(copy.deepcopy(model).eval())

with torch.no_grad():
    probs = torch.stack([F.softmax(m(x_test), 1) for m in snapshots]).mean(0)
print(f"ensemble of {len(snapshots)} snapshots: accuracy {(probs.argmax(1) == y_test).float().mean().item():.4f}")
