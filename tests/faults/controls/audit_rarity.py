import numpy as np
import torch
from torch import nn
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split

torch.manual_seed(77)
rng = np.random.default_rng(77)


def returns(n=12000):
    """tax returns; 3 % turn out wrong in an audit, and only chance separates many of them from the rest"""
    x = rng.normal(size=(n, 10))
    risk = 0.9 * x[:, 0] + 0.7 * np.maximum(x[:, 1], 0) - 0.6 * x[:, 2] * (x[:, 3] > 0) - 4.1
    p = 1 / (1 + np.exp(-risk))
    return x.astype(np.float32), (rng.random(n) < p).astype(np.float32), p


class Audit(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 24)
        self.fc2 = nn.Linear(24, 12)
        self.fc3 = nn.Linear(12, 1)

    def forward(self, x):
        x = nn.functional.relu(self.fc1(x))
        x = nn.functional.relu(self.fc2(x))
        return self.fc3(x).squeeze(1)


x, y, p = returns()
x_tr, x_va, y_tr, y_va, _, p_va = train_test_split(x, y, p, test_size=0.3, stratify=y, random_state=0)
x_tr, x_va, y_tr_t, y_va_t = map(torch.from_numpy, (x_tr, x_va, y_tr, y_va))
print(f"share of wrong returns: {y_tr.mean():.3f}; AUC of the true risk {roc_auc_score(y_va, p_va):.4f}")

net = Audit()
bce = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=1e-3)
best, best_state, patience = float("inf"), None, 0
for epoch in range(30):
    net.train()
    losses = []
    for rows in torch.randperm(len(x_tr)).split(100):
        optimizer.zero_grad()
        loss = bce(net(x_tr[rows]), y_tr_t[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        logits = net(x_va)
        val = bce(logits, y_va_t).item()
    flagged = int((logits > 0).sum())
    print(f"epoch {epoch:2d} train {np.mean(losses):.4f} val {val:.4f} "
          f"acc {((logits > 0).float() == y_va_t).float().mean().item():.4f} flagged {flagged}")
    if val < best - 1e-4:
        best, best_state, patience = val, {k: v.clone() for k, v in net.state_dict().items()}, 0
    else:
        patience += 1
        if patience == 5:
            break

net.load_state_dict(best_state)
with torch.no_grad():
    scores = net(x_va).numpy()
print(f"average precision {average_precision_score(y_va, scores):.4f}")
print(f"ROC AUC {roc_auc_score(y_va, scores):.4f}")
