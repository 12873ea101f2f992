import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(50)


class ResBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n1, self.n2 = nn.GroupNorm(4, c), nn.GroupNorm(4, c)
        self.c1 = nn.Conv2d(c, c, 3, padding=1)
        self.c2 = nn.Conv2d(c, c, 3, padding=1)
        nn.init.zeros_(self.c2.weight)
        nn.init.zeros_(self.c2.bias)

    def forward(self, x):
        h = self.c1(F.relu(self.n1(x)))
        return x + self.c2(F.relu(self.n2(h)))


class TinyResNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.stem = nn.Conv2d(1, c, 3, stride=2, padding=1)
        self.body = nn.Sequential(*[ResBlock(c) for _ in range(2)])
        self.head = nn.Linear(c * 16, 10)

    def forward(self, x):
        return self.head(self.body(self.stem(x)).flatten(1))


d = load_digits()
X = torch.tensor(d.images, dtype=torch.float32)[:, None]
y = torch.tensor(d.target)
p = torch.randperm(len(X))
X, y = X[p], y[p]
X = (X - X[:1100].mean()) / X[:1100].std()
train_dl = DataLoader(TensorDataset(X[:1100], y[:1100]), batch_size=4, shuffle=True)
test_x, test_y = X[1100:], y[1100:]
model = TinyResNet()
opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, total_steps=5 * len(train_dl))
for epoch in range(5):
    model.train()
    run = 0.0
    for xb, yb in train_dl:
        loss = F.cross_entropy(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        run += loss.item()
    model.eval()
    with torch.no_grad():
        out = model(test_x)
        acc = (out.argmax(1) == test_y).float().mean().item()
    print(f"epoch {epoch + 1}: train {run / len(train_dl):.4f} test {F.cross_entropy(out, test_y).item():.4f} acc {acc:.4f}")
print(f"test accuracy {acc:.4f}")
