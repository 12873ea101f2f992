"""Pretrain on the digits 0-5, then learn 6-9 with the backbone kept as it is."""
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(46)
d = load_digits()
x = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1)
y = torch.tensor(d.target)
perm = torch.randperm(len(y))
x, y = x[perm], y[perm]
x = (x - x[:1400].mean()) / x[:1400].std()


def subset(lo, hi, sl):
    keep = (y[sl] >= lo) & (y[sl] <= hi)
    return TensorDataset(x[sl][keep], y[sl][keep] - lo)


class Net(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
                                      nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Flatten())
        self.head = nn.Linear(32 * 16, n_classes)

    def forward(self, z):
        return self.head(self.backbone(z))


def accuracy(net, ds):
    net.eval()
    with torch.no_grad():
        return (net(ds.tensors[0]).argmax(1) == ds.tensors[1]).float().mean().item()


def fit(net, params, train, val, epochs, lr, tag):
    opt = torch.optim.Adam(params, lr=lr)
    for epoch in range(epochs):
        net.train()
        if not next(net.backbone.parameters()).requires_grad:
            net.backbone.eval()
        total = 0.0
        for xb, yb in DataLoader(train, batch_size=32, shuffle=True):
            loss = nn.functional.cross_entropy(net(xb), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(yb)
        print(f"{tag} epoch {epoch + 1} loss {total / len(train):.4f} acc {accuracy(net, val):.4f}")


fitted, held = slice(0, 1400), slice(1400, None)
net = Net(6)
fit(net, net.parameters(), subset(0, 5, fitted), subset(0, 5, held), 6, 2e-3, "pretrain")
net.backbone.requires_grad_(False)
net.head = nn.Linear(32 * 16, 4)
fit(net, net.head.parameters(), subset(6, 9, fitted), subset(6, 9, held), 12, 2e-3, "finetune")
print(f"accuracy on new digits: {accuracy(net, subset(6, 9, held)):.4f}")
