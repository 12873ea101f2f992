import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from sklearn.datasets import make_classification

SEED = 17
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)


class ReedBed(Dataset):
    """Nutrient readings and the state (1 = declining) of a plot of reeds."""

    def __init__(self, X, y):
        self.X = torch.as_tensor(X, dtype=torch.float32)
        self.y = torch.as_tensor(y, dtype=torch.float32)

    def __len__(self):
        return len(self.X)

    def __getitem__(self, i):
        return self.X[i], self.y[i]


X, y = make_classification(n_samples=900, n_features=60, n_informative=8, n_redundant=0,
                           n_clusters_per_class=2, class_sep=1.3, flip_y=0.15, random_state=SEED)
n = len(X)
train_idx = rng.choice(n, size=int(0.75 * n), replace=False)
test_idx = rng.choice(n, size=int(0.25 * n), replace=False)

mu, sd = X[train_idx].mean(0), X[train_idx].std(0)
train_set = ReedBed((X[train_idx] - mu) / sd, y[train_idx])
test_set = ReedBed((X[test_idx] - mu) / sd, y[test_idx])
train_loader = DataLoader(train_set, batch_size=25, shuffle=True)
test_loader = DataLoader(test_set, batch_size=225)

model = nn.Sequential(
    nn.Linear(60, 64), nn.ReLU(), nn.Dropout(0.3),
    nn.Linear(64, 1),
)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=0.03)


def evaluate(model, loader):
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for xb, yb in loader:
            z = model(xb).squeeze(1)
            loss += criterion(z, yb).item() * len(yb)
            right += ((z > 0).float() == yb).sum().item()
            count += len(yb)
    return loss / count, right / count


for epoch in range(30):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb).squeeze(1), yb)
        loss.backward()
        optimizer.step()
    if epoch % 3 == 2:
        tr, ta = evaluate(model, train_loader)
        te, acc = evaluate(model, test_loader)
        print(f"epoch {epoch + 1}: train {tr:.3f} ({ta:.3f})  test {te:.3f} ({acc:.3f})")

print(f"final test accuracy: {acc:.4f}")
