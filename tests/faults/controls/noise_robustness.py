import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
d = load_digits()
X, y = torch.tensor(d.images).float().unsqueeze(1) / 8 - 1, torch.tensor(d.target)
p = torch.randperm(len(y))
tr, te = p[:1400], p[1400:]
net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 10))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for ep in range(10):
    net.train()
    for b in tr[torch.randperm(1400)].split(40):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(X[b]), y[b])
        loss.backward()
        opt.step()
    print(f"epoch {ep} loss {loss.item():.4f}")
net.eval()
with torch.no_grad():
    clean = (net(X[te]).argmax(1) == y[te]).float().mean().item()
    for sd in (0.2, 0.5, 1.0, 2.0):
        a = (net(X[te] + sd * torch.randn_like(X[te])).argmax(1) == y[te]).float().mean().item()
        print(f"noise {sd}: accuracy {a:.4f}")
    print(f"rotated: {(net(X[te].rot90(1, (2, 3))).argmax(1) == y[te]).float().mean().item():.4f}")
print(f"clean accuracy {clean:.4f}")
