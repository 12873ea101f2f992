import copy
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, n_out):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.head = nn.Linear(32 * 16, n_out)

    def forward(self, x):
        return self.head(self.trunk(x))


def loaders(x, y, seed):
    g = torch.Generator().manual_seed(seed)
    p = torch.randperm(len(x), generator=g)
    cut = int(0.7 * len(x))
    train = TensorDataset(x[p[:cut]], y[p[:cut]])
    test = TensorDataset(x[p[cut:]], y[p[cut:]])
    return DataLoader(train, batch_size=32, shuffle=True, generator=g), DataLoader(test, batch_size=128)


def accuracy(model, loader):
    model.eval()
    with torch.no_grad():
        pairs = [(model(x), y) for x, y in loader]
    out, y = torch.cat([o for o, _ in pairs]), torch.cat([t for _, t in pairs])
    return nn.functional.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


torch.manual_seed(2)
digits = load_digits()
x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
x = (x - x.mean()) / x.std()
y = torch.tensor(digits.target)
old, new = y < 5, y >= 5

# stage 1: the digits 0 to 4
base = Net(5)
train_loader, test_loader = loaders(x[old], y[old], 1)
opt = torch.optim.SGD(base.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-3)
for epoch in range(6):
    base.train()
    for xb, yb in train_loader:
        opt.zero_grad()
        nn.functional.cross_entropy(base(xb), yb).backward()
        opt.step()
    print("stage 1 epoch {}: test loss {:.4f} acc {:.4f}".format(epoch + 1, *accuracy(base, test_loader)))

# stage 2: the digits 5 to 9, only a new head
model = copy.deepcopy(base)
for p in model.trunk.parameters():
    p.requires_grad_(False)
model.head = nn.Linear(32 * 16, 5)
train_loader, test_loader = loaders(x[new], y[new] - 5, 2)
opt = torch.optim.SGD(filter(lambda p: p.requires_grad, model.parameters()), lr=0.01, momentum=0.9, weight_decay=1e-3)
for epoch in range(12):
    model.train()
    model.trunk.eval()
    total = 0.0
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item()
    print("stage 2 epoch {}: train loss {:.4f} test loss {:.4f} acc {:.4f}".format(epoch + 1, total / len(train_loader), *accuracy(model, test_loader)))
print("accuracy on the new symbols {:.4f}".format(accuracy(model, test_loader)[1]))
