from sklearn.datasets import load_digits
import torch, torch.nn as nn

torch.manual_seed(0)

X, y = load_digits(return_X_y=True)
X = torch.tensor(X, dtype=torch.float) / 16
X = (X - X[:1400].mean()) / X[:1400].std()
y = torch.tensor(y)
perm = torch.randperm(len(X), generator=torch.Generator().manual_seed(1))
X, y = X[perm], y[perm]
Xtr, ytr, Xte, yte = X[:1400], y[:1400], X[1400:], y[1400:]

net = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
crit = nn.CrossEntropyLoss()
opt = torch.optim.SGD(net.parameters(), lr=0.05)
bs = 50

for ep in range(20):
    idx = torch.randperm(1400)
    tot = 0
    for k in range(0, 1400, bs):
        j = idx[k:k + bs]
        opt.zero_grad
        out = net(Xtr[j])
        loss = crit(out, ytr[j])
        loss.backward()
        opt.step()
        tot += loss.item()
    with torch.no_grad():
        acc = (net(Xte).argmax(1) == yte).float().mean()
    print(ep, 'loss', round(tot / (1400 // bs), 4), 'acc', round(acc.item(), 4))
