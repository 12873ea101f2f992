"""Thirty labelled images per class, heavy augmentation: shifts, erasing, noise, mixup."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(101)


class FewShotSet(torch.utils.data.Dataset):
    def __init__(self, images, labels, augment=False):
        self.images, self.labels, self.augment = images, labels, augment

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        x = self.images[i]
        if self.augment:
            dy, dx = torch.randint(-1, 2, (2,)).tolist()
            x = torch.roll(x, (dy, dx), dims=(1, 2))
            if torch.rand(()) < 0.5:
                r, c = torch.randint(0, 6, (2,)).tolist()
                x = x.clone()
                x[:, r:r + 2, c:c + 2] = 0.0
            x = x + 0.3 * torch.randn_like(x)
        return x, self.labels[i]


class SmallNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16)
        self.c2, self.b2 = nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32)
        self.fc = nn.Linear(32, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.b1(self.c1(x))), 2)
        x = F.relu(self.b2(self.c2(x)))
        return self.fc(x.amax(dim=(2, 3)))


def mixup(x, y, alpha=0.3):
    lam = torch.distributions.Beta(alpha, alpha).sample()
    other = torch.randperm(len(x))
    soft = F.one_hot(y, 10).float()
    return lam * x + (1 - lam) * x[other], lam * soft + (1 - lam) * soft[other]


digits = load_digits()
x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
x = (x - 4.88) / 6.02
y = torch.tensor(digits.target)
order = torch.randperm(len(y))
first = torch.cat([order[y[order] == k][:30] for k in range(10)])
rest = torch.tensor(sorted(set(order.tolist()) - set(first.tolist())))
train_loader = torch.utils.data.DataLoader(FewShotSet(x[first], y[first], augment=True), batch_size=30, shuffle=True)

net = SmallNet()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
EPOCHS = 40
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
for epoch in range(1, EPOCHS + 1):
    net.train()
    total = 0.0
    for xb, yb in train_loader:
        xm, ym = mixup(xb, yb)
        loss = F.cross_entropy(net(xm), ym)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() / len(train_loader)
    scheduler.step()
    net.eval()
    with torch.no_grad():
        out = net(x[rest])
        test_loss, acc = F.cross_entropy(out, y[rest]).item(), (out.argmax(1) == y[rest]).float().mean().item()
    if epoch % 5 == 0:
        print(f"epoch {epoch} train loss {total:.4f} test loss {test_loss:.4f} test acc {acc:.4f}")
