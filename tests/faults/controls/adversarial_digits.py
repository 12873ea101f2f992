import torch
from torch import nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 16
y = torch.tensor(d.target)
p = torch.randperm(len(X))
Xa, ya, Xb, yb = X[p[:1400]], y[p[:1400]], X[p[1400:]], y[p[1400:]]
net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 10))
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
EPS = 0.08


def attack(x, t, steps=3):
    delta = torch.empty_like(x).uniform_(-EPS, EPS).requires_grad_()
    for _ in range(steps):
        loss = F.cross_entropy(net(x + delta), t)
        loss.backward()
        delta.data = (delta + EPS / 2 * delta.grad.sign()).clamp(-EPS, EPS)
        delta.grad.zero_()
    return (x + delta.detach()).clamp(0, 1)


for epoch in range(8):
    net.train()
    for i in torch.randperm(len(Xa)).split(70):
        adv = attack(Xa[i], ya[i])
        loss = F.cross_entropy(net(adv), ya[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    adv = attack(Xb, yb, 5)
    with torch.no_grad():
        print(f"epoch {epoch + 1} clean {(net(Xb).argmax(1) == yb).float().mean():.4f} attacked {(net(adv).argmax(1) == yb).float().mean():.4f}")
