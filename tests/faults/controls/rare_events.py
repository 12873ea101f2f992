"""Rare-event detection with a weighted loss; classes overlap, so precision and recall trade off."""
import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import average_precision_score, balanced_accuracy_score
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset

rng = np.random.default_rng(44)
torch.manual_seed(44)


def draw(n):
    y = (rng.random(n) < 0.03).astype(np.int64)
    x = rng.normal(0, 1, (n, 6))
    x[y == 1] += np.array([1.0, -0.8, 0.5, 0, 0, 0])
    return x, y


x_train, y_train = draw(12000)
x_test, y_test = draw(6000)
ss = StandardScaler()
x_train, x_test = ss.fit_transform(x_train), ss.transform(x_test)
counts = np.bincount(y_train)
weights = torch.tensor(len(y_train) / (2 * counts), dtype=torch.float32)
print("class counts", counts, "weights", weights.tolist())

train = DataLoader(TensorDataset(torch.tensor(x_train).float(), torch.tensor(y_train)), batch_size=200, shuffle=True)
xt, yt = torch.tensor(x_test).float(), torch.tensor(y_test)
net = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 2))
loss_fn = nn.CrossEntropyLoss(weight=weights)
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 8)
for epoch in range(8):
    net.train()
    total = 0.0
    for xb, yb in train:
        opt.zero_grad()
        loss = loss_fn(net(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item()
    sched.step()
    net.eval()
    with torch.no_grad():
        logits = net(xt)
        score = (logits[:, 1] - logits[:, 0]).numpy()
        test_loss = loss_fn(logits, yt).item()
    print(f"epoch {epoch} train {total / len(train):.4f} test {test_loss:.4f} AP {average_precision_score(y_test, score):.3f} "
          f"balanced accuracy {balanced_accuracy_score(y_test, score > 0):.3f}")
