import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)
rng = np.random.default_rng(31)

# 4 % of the claims are irregular, and most of those look nearly like the others
n, d = 16000, 14
X = rng.normal(size=(n, d))
X[:, 5:9] += 0.5 * X[:, [0]]
logit = -3.6 + 0.7 * X[:, 0] - 0.5 * X[:, 3] + 0.45 * X[:, 7] * (X[:, 1] > 0)
y = (rng.uniform(size=n) < 1 / (1 + np.exp(-logit))).astype("float32")
print("share of irregular claims: %.3f" % y.mean())

X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.3, stratify=y, random_state=2)
mu, sd = X_tr.mean(0), X_tr.std(0)
X_tr = torch.tensor((X_tr - mu) / sd, dtype=torch.float32)
X_te = torch.tensor((X_te - mu) / sd, dtype=torch.float32)
y_tr_t = torch.tensor(y_tr).unsqueeze(1)

model = nn.Sequential(nn.Linear(d, 16), nn.Tanh(), nn.Linear(16, 1))
pos_weight = torch.tensor([(1 - y_tr.mean()) / y_tr.mean()])
criterion = nn.BCEWithLogitsLoss(pos_weight=pos_weight)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-3)
loader = DataLoader(TensorDataset(X_tr, y_tr_t), batch_size=256, shuffle=True)


@torch.no_grad()
def report():
    model.eval()
    score = model(X_te).squeeze(1)
    return (roc_auc_score(y_te, score.numpy()), average_precision_score(y_te, score.numpy()),
            balanced_accuracy_score(y_te, (score > 0).float().numpy()))


for epoch in range(10):
    model.train()
    total = 0.0
    for xb, yb in loader:
        loss = criterion(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    if epoch % 2 == 1:
        auc, ap, bal = report()
        print(f"epoch {epoch + 1:2d} loss {total / len(X_tr):.4f} AUC {auc:.4f} AP {ap:.4f} balanced acc {bal:.4f}")

auc, ap, bal = report()
print(f"test AUC {auc:.4f}")
