"""Triplet loss with semi-hard mining within the batch; evaluated by nearest neighbours."""
import torch
from torch import nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.model_selection import train_test_split

torch.manual_seed(14)
X, y = load_digits(return_X_y=True)
X = (X - X.mean()) / X.std()
Xtr, Xte, ytr, yte = train_test_split(X, y, test_size=0.3, random_state=2, stratify=y)
Xtr, Xte = torch.tensor(Xtr, dtype=torch.float32), torch.tensor(Xte, dtype=torch.float32)
ytr_t = torch.tensor(ytr)
net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 8))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)


def triplet(z, t, margin=0.2):
    d = torch.cdist(z, z)
    same = t[:, None] == t[None]
    pos = (d * same).max(1).values
    neg = d.masked_fill(same, float("inf")).min(1).values
    return F.relu(pos - neg + margin).mean()


for epoch in range(20):
    total = 0.0
    for _ in range(20):
        idx = torch.cat([torch.where(ytr_t == c)[0][torch.randperm(int((ytr_t == c).sum()))[:8]] for c in range(10)])
        loss = triplet(F.normalize(net(Xtr[idx]), dim=1), ytr_t[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    if epoch % 5 == 4:
        with torch.no_grad():
            a, b = F.normalize(net(Xtr), dim=1).numpy(), F.normalize(net(Xte), dim=1).numpy()
        print(f"epoch {epoch + 1} triplet {total / 20:.4f} 3-nn accuracy {KNeighborsClassifier(3).fit(a, ytr).score(b, yte):.4f}")
