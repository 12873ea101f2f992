import torch
from torch import nn
from sklearn.datasets import make_moons

X, y = make_moons(1200, noise=0.2, random_state=2)
X, y = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32), torch.tensor(y)
Xtr, ytr, Xva, yva, Xte, yte = X[:700], y[:700], X[700:900], y[700:900], X[900:], y[900:]


def train(lr, epochs=25):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
    opt = torch.optim.Adam(net.parameters(), lr=lr)
    for _ in range(epochs):
        for i in torch.randperm(len(Xtr)).split(50):
            loss = nn.functional.cross_entropy(net(Xtr[i]), ytr[i])
            opt.zero_grad()
            loss.backward()
            opt.step()
    with torch.no_grad():
        return net, (net(Xva).argmax(1) == yva).float().mean().item()


results = {}
for lr in (1e-4, 1e-3, 5e-3, 2e-2):
    net, acc = train(lr)
    results[lr] = acc
    print(f"lr {lr:g}: validation accuracy {acc:.3f}")
best = max(results, key=results.get)
net, _ = train(best, 30)
with torch.no_grad():
    print(f"best rate {best:g}, test accuracy {(net(Xte).argmax(1) == yte).float().mean().item():.3f}")
