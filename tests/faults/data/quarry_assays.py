"""Rock type from 40 assay channels."""
import numpy as np
import torch
from torch import nn
from sklearn.datasets import make_classification
from sklearn.preprocessing import StandardScaler

SEED = 8
rng = np.random.RandomState(SEED)
torch.manual_seed(SEED)


def load_assays():
    X, y = make_classification(n_samples=600, n_features=60, n_informative=12, n_redundant=8, n_classes=4,
                               n_clusters_per_class=2, class_sep=1.1, random_state=5)
    return X.astype(np.float32), y.astype(np.int64)


def split(n, fraction=0.75):
    cut = int(n * fraction)
    train_rows = rng.permutation(n)[:cut]
    test_rows = rng.permutation(n)[cut:]
    return train_rows, test_rows


class Assay(nn.Module):
    def __init__(self, d, k, h=32, p=0.4):
        super().__init__()
        self.inp = nn.Linear(d, h)
        self.mid = nn.Linear(h, h)
        self.out = nn.Linear(h, k)
        self.drop = nn.Dropout(p)

    def forward(self, x):
        x = self.drop(torch.relu(self.inp(x)))
        x = self.drop(torch.relu(self.mid(x)))
        return self.out(x)


X, y = load_assays()
train_rows, test_rows = split(len(X))
scaler = StandardScaler().fit(X[train_rows])
X_train = torch.from_numpy(scaler.transform(X[train_rows]))
X_test = torch.from_numpy(scaler.transform(X[test_rows]))
y_train, y_test = torch.from_numpy(y[train_rows]), torch.from_numpy(y[test_rows])

model = Assay(X.shape[1], 4)
optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.1)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 24)
loss_fn = nn.CrossEntropyLoss()
epochs = 24
for epoch in range(1, epochs + 1):
    model.train()
    shuffled = torch.randperm(len(X_train))
    for rows in shuffled.chunk(15):
        optimiser.zero_grad()
        loss = loss_fn(model(X_train[rows]), y_train[rows])
        loss.backward()
        optimiser.step()
    scheduler.step()
    if epoch % 2 == 0:
        model.eval()
        with torch.no_grad():
            tl = loss_fn(model(X_train), y_train).item()
            vl = loss_fn(model(X_test), y_test).item()
        print(f"[{epoch:3d}/{epochs}] train loss {tl:.4f} test loss {vl:.4f}")

model.eval()
with torch.no_grad():
    test_acc = (model(X_test).argmax(1) == y_test).float().mean().item()
print(f"test accuracy = {test_acc:.4f}")
