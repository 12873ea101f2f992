"""Digits with binary weights: the forward pass sees sign(w) * scale, gradients reach the latent weights (BinaryConnect)."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class BinaryLinear(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(d_out, d_in).uniform_(-1, 1) / d_in ** 0.5)
        self.bias = nn.Parameter(torch.zeros(d_out))

    def forward(self, x):
        scale = self.weight.abs().mean(dim=1, keepdim=True)
        hard = torch.sign(self.weight) * scale
        w = self.weight + (hard - self.weight).detach()
        return F.linear(x, w, self.bias)


class BinaryNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.n1 = BinaryLinear(64, 128), nn.BatchNorm1d(128)
        self.l2, self.n2 = BinaryLinear(128, 128), nn.BatchNorm1d(128)
        self.l3 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.hardtanh(self.n1(self.l1(x)))
        x = F.dropout(F.hardtanh(self.n2(self.l2(x))), 0.3, self.training)
        return self.l3(x)


torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X = ((X - 4.9) / 6.0).astype(np.float32)
Xa, Xb, ya, yb = map(torch.as_tensor, train_test_split(X, y, test_size=0.25, stratify=y, random_state=1))
net = BinaryNet()
latent = [p for p in net.parameters()]
opt = torch.optim.Adam(latent, lr=3e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 20)
for epoch in range(20):
    net.train()
    running = 0.0
    for idx in torch.randperm(len(Xa)).split(64):
        if len(idx) < 8:
            continue
        opt.zero_grad()
        loss = F.cross_entropy(net(Xa[idx]), ya[idx])
        loss.backward()
        opt.step()
        with torch.no_grad():
            net.l1.weight.clamp_(-1, 1)
            net.l2.weight.clamp_(-1, 1)
        running += loss.item() * len(idx)
    sched.step()
    net.eval()
    with torch.no_grad():
        out = net(Xb)
    acc = (out.argmax(1) == yb).float().mean().item()
    if epoch % 2:
        print(f"epoch {epoch + 1} train {running / len(Xa):.4f} test {F.cross_entropy(out, yb).item():.4f} acc {acc:.4f}")
print(f"binary-weight test accuracy {acc:.4f}")
