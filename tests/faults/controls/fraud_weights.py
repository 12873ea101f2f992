import numpy as np, torch
from torch import nn
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score
rng = np.random.default_rng(3); torch.manual_seed(3)
n = 9000
X = rng.normal(size=(n, 8))
p = 1 / (1 + np.exp(-(1.1 * X[:, 0] + 0.8 * X[:, 1] * X[:, 2] - 4.2)))
y = (rng.random(n) < p).astype("float32")
X = torch.tensor(X, dtype=torch.float32); t = torch.tensor(y)
print("positives", int(y.sum()))
cut = 6500
weight = torch.where(t[:cut] == 1, (t[:cut] == 0).sum() / t[:cut].sum(), torch.tensor(1.0))
net = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
opt = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=5e-2)
for epoch in range(12):
    for i in torch.randperm(cut).split(128):
        l = nn.functional.binary_cross_entropy_with_logits(net(X[i]).squeeze(1), t[i], reduction="none")
        loss = (l * weight[i]).sum() / weight[i].sum()
        opt.zero_grad(); loss.backward(); opt.step()
    with torch.no_grad():
        s = net(X[cut:]).squeeze(1)
    print(f"epoch {epoch + 1} loss {loss.item():.3f} balanced {balanced_accuracy_score(y[cut:], s > 0):.3f} auc {roc_auc_score(y[cut:], s):.3f} ap {average_precision_score(y[cut:], s):.3f}")
