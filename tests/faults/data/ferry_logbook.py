import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader
from sklearn.datasets import make_blobs
from sklearn.preprocessing import StandardScaler

SEED = 21
BERTHS = 7


class LogbookDataset(Dataset):
    """Radar features of an arriving ferry -> berth number as typed into the logbook."""

    def __init__(self, features, berth, typed_share=0.0, rng=None):
        self.features = torch.as_tensor(features, dtype=torch.float32)
        berth = berth.copy()
        if typed_share > 0:
            typed = rng.random(len(berth)) < typed_share
            berth[typed] = typo(berth[typed], rng)
        self.berth = torch.as_tensor(berth)

    def __len__(self):
        return len(self.berth)

    def __getitem__(self, i):
        return self.features[i], self.berth[i]


def typo(keys, rng):
    """A neighbouring key on the number row."""
    return (keys + rng.choice([1, 1, 1, 2], len(keys))) % BERTHS


def build_model():
    return nn.Sequential(
        nn.Linear(12, 48), nn.ReLU(),
        nn.Linear(48, 48), nn.ReLU(),
        nn.Linear(48, BERTHS),
    )


def evaluate(model, dataset):
    model.eval()
    with torch.no_grad():
        out = model(dataset.features)
        loss = nn.functional.cross_entropy(out, dataset.berth).item()
        return loss, (out.argmax(1) == dataset.berth).float().mean().item()


torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)
X, y = make_blobs(n_samples=2100, n_features=12, centers=21, cluster_std=4.2, random_state=SEED)
y = y % BERTHS
X = StandardScaler().fit_transform(X)
train_set = LogbookDataset(X[:1500], y[:1500], typed_share=0.45, rng=rng)
test_set = LogbookDataset(X[1500:], y[1500:])

model = build_model()
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(15):
    model.train()
    losses = []
    for xb, yb in DataLoader(train_set, batch_size=50, shuffle=True):
        loss = loss_fn(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    test_loss, test_acc = evaluate(model, test_set)
    print("epoch %d train loss %.3f test loss %.3f test acc %.3f" % (epoch, np.mean(losses), test_loss, test_acc))
print("test accuracy = %.4f" % test_acc)
