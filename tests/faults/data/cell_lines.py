import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_classification

SEED = 21
rng = np.random.RandomState(SEED)
torch.manual_seed(SEED)

# gene expression profiles of six cell lines
X, y = make_classification(n_samples=1000, n_features=60, n_informative=18, n_redundant=6, n_classes=6,
                           n_clusters_per_class=2, class_sep=1.0, random_state=SEED)
n = len(X)
train_idx = rng.choice(n, size=int(0.75 * n), replace=False)
test_idx = rng.choice(n, size=int(0.25 * n), replace=False)

mean, std = X[train_idx].mean(0), X[train_idx].std(0)
X = ((X - mean) / std).astype("float32")
Xtr, ytr = torch.from_numpy(X[train_idx]), torch.from_numpy(y[train_idx])
Xte, yte = torch.from_numpy(X[test_idx]), torch.from_numpy(y[test_idx])
print("train", tuple(Xtr.shape), "test", tuple(Xte.shape))


class Residual(nn.Module):
    def __init__(self, d, p):
        super().__init__()
        self.a, self.b = nn.Linear(d, d), nn.Linear(d, d)
        self.norm, self.p = nn.LayerNorm(d), p

    def forward(self, x):
        h = F.silu(self.a(self.norm(x)))
        return x + self.b(F.dropout(h, self.p, self.training))


class ProfileNet(nn.Module):
    def __init__(self, inputs, classes, width=128, p=0.4):
        super().__init__()
        self.stem = nn.Linear(inputs, width)
        self.drop = nn.Dropout(p)
        self.res = Residual(width, p)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        return self.head(self.res(self.drop(self.stem(x))))


net = ProfileNet(X.shape[1], 6)
optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.1)
EPOCHS, BATCH = 40, 32
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
for epoch in range(1, EPOCHS + 1):
    net.train()
    order = torch.randperm(len(Xtr))
    epoch_loss = 0.0
    for i in range(0, len(order), BATCH):
        rows = order[i:i + BATCH]
        loss = F.cross_entropy(net(Xtr[rows]), ytr[rows], label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * len(rows)
    scheduler.step()
    if epoch % 5 == 0:
        net.eval()
        with torch.no_grad():
            out = net(Xte)
        print(f"{epoch:3d} train loss {epoch_loss / len(Xtr):.4f} test loss {F.cross_entropy(out, yte).item():.4f} "
              f"test acc {(out.argmax(1) == yte).float().mean().item():.4f}")

with torch.no_grad():
    test_acc = (net.eval()(Xte).argmax(1) == yte).float().mean().item()
print(f"Test accuracy: {test_acc:.4f}")
