"""Recognise the weave of a fabric from a 14x14 patch."""
import math

import torch
import torch.nn as nn
from torch.utils.data import ConcatDataset, DataLoader, TensorDataset

WEAVES = ["plain", "twill", "satin", "basket", "leno", "dobby"]
PATCH = 14
generator = torch.Generator().manual_seed(77)
torch.manual_seed(77)


def patches(weave, n):
    """All patches of one weave, the way they would lie in one folder."""
    u, v = torch.meshgrid(torch.arange(PATCH), torch.arange(PATCH), indexing="ij")
    angle = math.pi * WEAVES.index(weave) / 6 + 0.12 * torch.randn(n, 1, 1, generator=generator)
    freq = 1.1 + 0.1 * torch.randn(n, 1, 1, generator=generator)
    phase = 2 * math.pi * torch.rand(n, 1, 1, generator=generator)
    img = torch.sin(freq * (u * torch.cos(angle) + v * torch.sin(angle)) + phase)
    return (img + 1.1 * torch.randn(n, PATCH, PATCH, generator=generator)).unsqueeze(1) / 1.3


def read_split(per_weave):
    parts = []
    for label, weave in enumerate(WEAVES):
        x = patches(weave, per_weave)
        parts.append(TensorDataset(x, torch.full((per_weave,), label)))
    return ConcatDataset(parts)


class WeaveNet(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2),
        )
        self.classifier = nn.Linear(24 * 4, n_classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


train_loader = DataLoader(read_split(300), batch_size=30)
test_loader = DataLoader(read_split(120), batch_size=120)
model = WeaveNet(len(WEAVES))
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[8, 11], gamma=0.2)
criterion = nn.CrossEntropyLoss()

for epoch in range(13):
    model.train()
    seen = loss_sum = 0
    for images, labels in train_loader:
        loss = criterion(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(labels)
        seen += len(labels)
    scheduler.step()
    model.eval()
    hits = 0
    with torch.no_grad():
        for images, labels in test_loader:
            hits += (model(images).argmax(1) == labels).sum().item()
    print(f"Epoch {epoch + 1}/13 - train loss: {loss_sum / seen:.4f} - test acc: {hits / len(test_loader.dataset):.4f}")
print(f"Test accuracy: {hits / len(test_loader.dataset):.4f}")
