import torch
from sklearn.datasets import load_diabetes
from torch import nn

torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
p = torch.randperm(len(y))
tr, te = p[:330], p[330:]
X = (X - X[tr].mean(0)) / X[tr].std(0)
mu, sd = y[tr].mean(), y[tr].std()
t = (y - mu) / sd
preds = []
for member in range(6):
    boot = tr[torch.randint(0, len(tr), (len(tr),))]
    net = nn.Sequential(nn.Linear(10, 24), nn.Tanh(), nn.Linear(24, 1))
    opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-2)
    for epoch in range(20):
        for b in boot[torch.randperm(len(boot))].split(33):
            loss = ((net(X[b]).squeeze(-1) - t[b]) ** 2).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
    with torch.no_grad():
        preds.append(net(X[te]).squeeze(-1) * sd + mu)
    print(f"member {member}: last batch loss {loss.item():.3f}")
mean = torch.stack(preds).mean(0)
print(f"ensemble R2 {(1 - ((mean - y[te]) ** 2).mean() / y[te].var(unbiased=False)).item():.4f}")
