import math
import torch
import torch.nn.functional as F
from sklearn.datasets import make_moons
from torch import nn

torch.manual_seed(0)
X, y = make_moons(2000, noise=0.15, random_state=0)
X = torch.tensor((X - X.mean(0)) / X.std(0)).float()
y = torch.tensor(y)
lab = torch.cat([torch.nonzero(y[:1500] == c).flatten()[:15] for c in (0, 1)])
net = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
T = 600
for it in range(T):
    u = X[torch.randint(0, 1500, (100,))]
    w = 5.0 * math.exp(-5 * (1 - min(it / 300, 1)) ** 2)
    sup = F.cross_entropy(net(X[lab]), y[lab])
    with torch.no_grad():
        t = net(u + 0.1 * torch.randn_like(u)).softmax(1)
    cons = F.mse_loss(net(u + 0.1 * torch.randn_like(u)).softmax(1), t)
    loss = sup + w * cons
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 100 == 99:
        with torch.no_grad():
            acc = (net(X[1500:]).argmax(1) == y[1500:]).float().mean()
        print(f"it {it + 1} sup {sup.item():.4f} cons {cons.item():.5f} w {w:.2f} acc {acc:.4f}")
