import copy
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
rng = np.random.RandomState(3)


def upsample(X, y):
    minority = np.flatnonzero(y == 1)
    extra = rng.choice(minority, size=(y == 0).sum() - len(minority), replace=True)
    keep = np.concatenate([np.arange(len(y)), extra])
    return X[keep], y[keep]


def split(X, y, parts=(0.6, 0.2, 0.2)):
    order = rng.permutation(len(y))
    a, b = int(parts[0] * len(y)), int((parts[0] + parts[1]) * len(y))
    return [(X[i], y[i]) for i in (order[:a], order[a:b], order[b:])]


X, y = make_classification(n_samples=3600, n_features=20, n_informative=8, n_redundant=2, n_clusters_per_class=3,
                           weights=[0.85], flip_y=0.03, class_sep=0.7, random_state=3)
X, y = upsample(X, y)
train, val, test = split(X, y)

mean, std = train[0].mean(0), train[0].std(0)
to_set = lambda part: TensorDataset(torch.tensor((part[0] - mean) / std, dtype=torch.float32),
                                    torch.tensor(part[1], dtype=torch.float32))
train_set, val_set, test_set = map(to_set, (train, val, test))
loader = DataLoader(train_set, batch_size=64, shuffle=True)


class ChurnMLP(nn.Module):
    def __init__(self, d, h=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(d, h), nn.ReLU(), nn.Dropout(0.1), nn.Linear(h, h), nn.ReLU())
        self.logit = nn.Linear(h, 1)

    def forward(self, x):
        return self.logit(self.body(x)).squeeze(-1)


def evaluate(model, ds):
    model.eval()
    with torch.no_grad():
        z = model(ds.tensors[0])
        loss = nn.functional.binary_cross_entropy_with_logits(z, ds.tensors[1]).item()
    return loss, balanced_accuracy_score(ds.tensors[1].numpy(), (z > 0).numpy())


model = ChurnMLP(X.shape[1])
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)
best, best_state, patience = float("inf"), None, 0
for epoch in range(60):
    model.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(xb), yb)
        loss.backward()
        optimizer.step()
    train_loss, _ = evaluate(model, train_set)
    val_loss, val_bacc = evaluate(model, val_set)
    print(f"epoch {epoch:2d} train {train_loss:.4f} val {val_loss:.4f} val bacc {val_bacc:.4f}")
    if val_loss < best:
        best, best_state, patience = val_loss, copy.deepcopy(model.state_dict()), 0
    else:
        patience += 1
        if patience == 3:
            break
model.load_state_dict(best_state)
print("test balanced accuracy: %.4f" % evaluate(model, test_set)[1])
