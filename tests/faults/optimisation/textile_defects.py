"""Woven fabric patches: which of six weave patterns?  Small CNN, synthetic patches."""
import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)


def weave(n, size=20):
    g = torch.Generator().manual_seed(5)
    yy, xx = torch.meshgrid(torch.arange(size).float(), torch.arange(size).float(), indexing="ij")
    kinds = torch.arange(n) % 6
    imgs = torch.empty(n, 1, size, size)
    for i, k in enumerate(kinds.tolist()):
        angle = k * torch.pi / 6 + 0.06 * torch.randn(1, generator=g)
        freq = 0.9 + 0.15 * torch.rand(1, generator=g)
        phase = 6.28 * torch.rand(1, generator=g)
        wave = torch.sin(freq * (xx * torch.cos(angle) + yy * torch.sin(angle)) + phase)
        imgs[i, 0] = wave + 1.8 * torch.randn(size, size, generator=g)
    imgs = (imgs - imgs.mean()) / imgs.std()
    perm = torch.randperm(n, generator=g)
    return imgs[perm], kinds[perm]


class PatchNet(nn.Module):
    def __init__(self, width=12):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, width, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2))
        self.classifier = nn.Linear(8 * width, 6)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def score(net, loader):
    net.eval()
    good = total = 0
    loss = 0.0
    with torch.no_grad():
        for x, y in loader:
            out = net(x)
            good += int((out.argmax(1) == y).sum())
            loss += nn.functional.cross_entropy(out, y, reduction="sum").item()
            total += len(y)
    return good / total, loss / total


images, labels = weave(2200)
train_loader = DataLoader(TensorDataset(images[:1700], labels[:1700]), batch_size=50, shuffle=True)
test_loader = DataLoader(TensorDataset(images[1700:], labels[1700:]), batch_size=250)

net = PatchNet()
loss_function = nn.CrossEntropyLoss()
optimizer = optim.Adam(net.parameters(), lr=0.025)

for epoch in range(12):
    net.train()
    running_loss = 0.0
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = loss_function(outputs, targets)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    acc, test_loss = score(net, test_loader)
    print(f"Epoch {epoch + 1}: loss {running_loss / len(train_loader):.3f}, test accuracy {acc:.3f}, test loss {test_loss:.3f}")
print(f"Final test accuracy: {acc:.4f}")
