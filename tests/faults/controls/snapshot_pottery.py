"""Snapshot ensemble: cosine restarts, a copy of the network at the bottom of every cycle."""
import copy
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

torch.manual_seed(50)
X, y = make_classification(n_samples=4000, n_features=16, n_informative=8, n_redundant=2, n_classes=4,
                           n_clusters_per_class=1, class_sep=1.5, flip_y=0.12, random_state=50)
X = (X - X[:3000].mean(0)) / X[:3000].std(0)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
x_train, y_train, x_test, y_test = X[:3000], y[:3000], X[3000:], y[3000:]

CYCLES, PER_CYCLE, BATCH = 4, 5, 50
net = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 32), nn.ReLU(), nn.Dropout(0.2),
                    nn.Linear(32, 4))
loss_fn = nn.CrossEntropyLoss(label_smoothing=0.05)
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3)
steps = len(x_train) // BATCH
sched = CosineAnnealingWarmRestarts(opt, T_0=PER_CYCLE * steps, eta_min=0.0)
snapshots = []

for epoch in range(CYCLES * PER_CYCLE):
    net.train()
    losses = []
    for rows in torch.randperm(len(x_train)).view(steps, BATCH):
        opt.zero_grad()
        loss = loss_fn(net(x_train[rows]), y_train[rows])
        loss.backward()
        opt.step()
        sched.step()
        losses.append(loss.item())
    if (epoch + 1) % PER_CYCLE == 0:
        snapshots.append(copy.deepcopy(net).eval())
        with torch.no_grad():
            acc = (snapshots[-1](x_test).argmax(1) == y_test).float().mean().item()
            tl = nn.functional.cross_entropy(snapshots[-1](x_test), y_test).item()
        print(f"cycle {len(snapshots)}: train loss {np.mean(losses):.4f}  test loss {tl:.4f}  snapshot accuracy {acc:.3f}")

with torch.no_grad():
    mean = torch.stack([m(x_test).softmax(1) for m in snapshots]).mean(0)
print(f"ensemble accuracy {(mean.argmax(1) == y_test).float().mean().item():.4f}")
