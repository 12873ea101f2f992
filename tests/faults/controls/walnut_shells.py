"""Sort walnut shells from x-ray slices: mixup, label smoothing and dropout, so training looks worse than testing."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

CLASSES, SIDE = 4, 16            # sound, cracked, empty, shrivelled


def slices(n, seed):
    g = torch.Generator().manual_seed(seed)
    axis = torch.arange(SIDE).float() - 7.5
    yy, xx = axis.view(1, -1, 1), axis.view(1, 1, -1)
    label = torch.randint(0, CLASSES, (n,), generator=g)
    cy, cx = torch.randn(2, n, 1, 1, generator=g).unbind(0)
    radius = 5.5 + 0.5 * torch.randn(n, 1, 1, generator=g)
    r = ((yy - cy) ** 2 + (xx - cx) ** 2).sqrt()
    shell = torch.exp(-((r - radius) / 0.9) ** 2)
    fill = torch.tensor([0.85, 0.85, 0.0, 0.45])[label].view(-1, 1, 1)
    share = torch.tensor([0.8, 0.8, 0.8, 0.5])[label].view(-1, 1, 1)
    kernel = fill * (r < radius * share).float()
    angle = 6.28 * torch.rand(n, 1, 1, generator=g)
    line = (yy - cy) * angle.cos() + (xx - cx) * angle.sin()
    crack = (label == 1).view(-1, 1, 1) * torch.exp(-(line / 0.8) ** 2) * (r < radius + 1)
    image = shell + kernel - 1.0 * crack + 0.28 * torch.randn(n, SIDE, SIDE, generator=g)
    return image.unsqueeze(1), label


class ShellNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(12, 24, 3, padding=1, bias=False), nn.BatchNorm2d(24), nn.ReLU(), nn.MaxPool2d(2),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(24 * 16, 48), nn.ReLU(), nn.Dropout(0.3),
                                  nn.Linear(48, CLASSES))

    def forward(self, x):
        return self.head(self.features(x))


def mix(x, y, beta):
    lam = beta.sample().item()
    other = torch.randperm(len(y))
    target = F.one_hot(y, CLASSES).float()
    return lam * x + (1 - lam) * x[other], lam * target + (1 - lam) * target[other]


torch.manual_seed(71)
image, label = slices(3000, 1)
image_test, label_test = slices(1000, 2)
mean, std = image.mean(), image.std()
loader = DataLoader(TensorDataset((image - mean) / std, label), batch_size=50, shuffle=True)
image_test = (image_test - mean) / std
net = ShellNet()
criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
beta = torch.distributions.Beta(0.4, 0.4)
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=8 * len(loader))

for epoch in range(8):
    net.train()
    total = right = 0.0
    for x, y in loader:
        mixed, target = mix(x, y, beta)
        out = net(mixed)
        loss = criterion(out, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item() * len(y)
        right += (out.argmax(1) == target.argmax(1)).sum().item()
    net.eval()
    with torch.no_grad():
        out = net(image_test)
    acc = (out.argmax(1) == label_test).float().mean().item()
    print(f"epoch {epoch + 1} mixed loss {total / len(label):.4f} mixed acc {right / len(label):.4f} "
          f"| test loss {criterion(out, label_test).item():.4f} test acc {acc:.4f}")
print(f"shells sorted right: {acc:.4f}")
