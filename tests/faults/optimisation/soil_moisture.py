import numpy as np
import torch
from torch import nn
from sklearn.datasets import make_friedman1
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

SEED = 3
np.random.seed(SEED)
torch.manual_seed(SEED)

X, y = make_friedman1(n_samples=1600, n_features=8, noise=0.5, random_state=SEED)
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.25, random_state=SEED)
sx, sy = StandardScaler().fit(X_tr), StandardScaler().fit(y_tr[:, None])
X_tr, X_te = (torch.from_numpy(sx.transform(a)).float() for a in (X_tr, X_te))
y_tr, y_te = (torch.from_numpy(sy.transform(a[:, None])).float() for a in (y_tr, y_te))


class SoilNet(nn.Module):
    """Predicts moisture at 20 cm from eight probes."""

    def __init__(self, n_in, hidden=32):
        super().__init__()
        self.inp = nn.Linear(n_in, hidden)
        self.mid = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        h = torch.nn.functional.gelu(self.inp(x))
        h = h + torch.nn.functional.gelu(self.mid(h))
        return self.out(h)


def r2(model, x, y):
    model.eval()
    with torch.no_grad():
        res = ((model(x) - y) ** 2).sum()
    return 1 - (res / ((y - y.mean()) ** 2).sum()).item()


net = SoilNet(X_tr.shape[1])
opt = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=0.05)
sched = torch.optim.lr_scheduler.MultiStepLR(opt, milestones=[40, 55], gamma=0.3)
criterion = nn.MSELoss()
bs = 50

for epoch in range(65):
    net.train()
    perm = torch.randperm(len(X_tr))
    epoch_loss = 0.0
    for i in range(0, len(perm), bs):
        idx = perm[i:i + bs]
        opt.zero_grad()
        loss = criterion(net(X_tr[idx]), y_tr[idx])
        loss.backward()
        opt.step()
        epoch_loss += loss.item() * len(idx)
    sched.step()
    if epoch % 5 == 4:
        print(f"[{epoch + 1:3d}] mse {epoch_loss / len(X_tr):.4f}  train R2 {r2(net, X_tr, y_tr):.4f}  test R2 {r2(net, X_te, y_te):.4f}")

print("final test R2 %.4f" % r2(net, X_te, y_te))
