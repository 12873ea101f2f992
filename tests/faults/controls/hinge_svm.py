import numpy as np
import torch
from sklearn.datasets import make_moons

np.random.seed(0)
torch.manual_seed(0)

X, y = make_moons(1500, noise=0.12)
X = (X - X.mean(0)) / X.std(0)
y = 2 * y - 1
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
Xtr, ytr, Xte, yte = X[:1200], y[:1200], X[1200:], y[1200:]

net = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.ReLU(), torch.nn.Linear(32, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)


def hinge(score, label):
    return torch.clamp(1 - label * score, min=0).mean()


for epoch in range(20):
    perm = torch.randperm(len(Xtr))
    total = 0
    for i in range(0, len(Xtr), 50):
        idx = perm[i : i + 50]
        score = net(Xtr[idx]).flatten()
        loss = hinge(score, ytr[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    with torch.no_grad():
        acc = (torch.sign(net(Xte).flatten()) == yte).float().mean()
    print("epoch", epoch, "hinge", round(total / len(Xtr), 4), "test accuracy", round(float(acc), 4))
