import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
d = load_digits()
X, y = (torch.tensor(d.data).float() - 4.88) / 6.02, torch.tensor(d.target)


def build():
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


# sanity check first: can the network learn one batch by heart?
net = build()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(150):
    loss = nn.functional.cross_entropy(net(X[:32]), y[:32])
    opt.zero_grad()
    loss.backward()
    opt.step()
print(f"one batch: loss {loss.item():.4f}")
assert loss.item() < 0.1

net = build()
opt = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-4)
for epoch in range(14):
    net.train()
    for b in torch.randperm(1400).split(32):
        loss = nn.functional.cross_entropy(net(X[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        acc = (net(X[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} acc {acc:.4f}")
