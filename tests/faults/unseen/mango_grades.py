"""Mango grading from 8x8 thermal thumbnails, trained with mixup."""
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(44)
torch.set_num_threads(1)
rng = np.random.default_rng(44)

GRADES = 5
ALPHA = 0.3


def thumbnails(n):
    y = torch.randint(0, GRADES, (n,))
    yy, xx = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    cy, cx = 3.5 + 0.5 * torch.randn(2, n, 1, 1)
    r = ((yy - cy) ** 2 + (xx - cx) ** 2).sqrt()
    ring = torch.tensor([0.5, 1.3, 2.1, 2.9, 3.7])[y][:, None, None]
    img = torch.exp(-((r - ring) / 0.8) ** 2) * 2 + 0.5 * torch.randn(n, 8, 8)
    return ((img - 0.5) / 0.8).unsqueeze(1), y


def mixup(x, y):
    lam = float(rng.beta(ALPHA, ALPHA))
    other = torch.randperm(len(x))
    target = F.one_hot(y, GRADES).float()
    return lam * x + (1 - lam) * x[other], lam * target + (1 - lam) * target[other]


class GradeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 16, 3, padding=1)
        self.b1 = nn.BatchNorm2d(16)
        self.c2 = nn.Conv2d(16, 24, 3, padding=1)
        self.b2 = nn.BatchNorm2d(24)
        self.fc = nn.Linear(24 * 16, GRADES)

    def forward(self, x):
        x = F.relu(self.b1(self.c1(x)))
        x = F.max_pool2d(F.relu(self.b2(self.c2(x))), 2)
        return self.fc(x.flatten(1))


x, y = thumbnails(2400)
x_test, y_test = thumbnails(800)
net = GradeNet()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.01)
for epoch in range(12):
    net.train()
    total = 0.0
    for rows in torch.randperm(len(x)).split(60):
        xm, target = mixup(x[rows], y[rows])
        loss = F.cross_entropy(net(xm), target)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() / 40
    net.eval()
    with torch.no_grad():
        out = net(x_test)
    print(f"epoch {epoch + 1:2d} mixup loss {total:.3f} test loss {F.cross_entropy(out, y_test):.3f} test acc {(out.argmax(1) == y_test).float().mean():.3f}")
