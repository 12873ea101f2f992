import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.images).float().unsqueeze(1) / 16
X = (X - X.mean()) / X.std()
y = torch.tensor(d.target)
p = torch.randperm(len(y))


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1, stride=2),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.head = nn.Linear(512, classes)

    def forward(self, x):
        return self.head(self.features(x))

    def freeze_bn(self):
        for m in self.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.eval()
                for q in m.parameters():
                    q.requires_grad = False


def accuracy(net, X, y):
    net.eval()
    with torch.no_grad():
        return (net(X).argmax(1) == y).float().mean().item()


net = Net(10)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
pre = p[:1000]
for epoch in range(6):
    net.train()
    for b in pre[torch.randperm(len(pre))].split(50):
        opt.zero_grad()
        F.cross_entropy(net(X[b]), y[b]).backward()
        opt.step()
    print("pretrain", epoch, accuracy(net, X[p[1000:]], y[p[1000:]]))

odd = y % 2
net.head = nn.Linear(512, 2)
net.freeze_bn()
opt = torch.optim.SGD([q for q in net.parameters() if q.requires_grad], lr=2e-3, momentum=0.9)
tr, te = p[1000:1400], p[1400:]
for epoch in range(5):
    net.train()
    net.freeze_bn()
    tot = 0.0
    for b in tr[torch.randperm(len(tr))].split(2):
        opt.zero_grad()
        loss = F.cross_entropy(net(X[b]), odd[b])
        loss.backward()
        opt.step()
        tot += loss.item() * len(b)
    print(f"finetune {epoch} loss {tot / len(tr):.4f} acc {accuracy(net, X[te], odd[te]):.4f}")
