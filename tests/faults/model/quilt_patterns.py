"""Sort photographed quilt blocks by pattern with a small convolutional net."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

PATTERNS = ["stripes", "checks", "diagonal", "rings", "star", "border"]


class QuiltBlocks(Dataset):
    def __init__(self, count, seed, size=16):
        gen = torch.Generator().manual_seed(seed)
        ys, xs = torch.meshgrid(torch.arange(size).float(), torch.arange(size).float(), indexing="ij")
        self.label = torch.randint(0, len(PATTERNS), (count,), generator=gen)
        blocks = []
        for k in self.label.tolist():
            dx, dy = (torch.rand(2, generator=gen) * 4 - 2).tolist()
            period = 3.5 + 2 * torch.rand(1, generator=gen).item()
            x, y = xs - 7.5 - dx, ys - 7.5 - dy
            if k == 0:
                img = torch.sin(2 * torch.pi * x / period)
            elif k == 1:
                img = torch.sin(2 * torch.pi * x / period) * torch.sin(2 * torch.pi * y / period)
            elif k == 2:
                img = torch.sin(2 * torch.pi * (x + y) / (1.4 * period))
            elif k == 3:
                img = torch.sin(2 * torch.pi * (x ** 2 + y ** 2).sqrt() / period)
            elif k == 4:
                img = torch.cos(6 * torch.atan2(y, x))
            else:
                img = (torch.maximum(x.abs(), y.abs()) > 4.5).float() * 2 - 1
            contrast = 0.5 + 0.6 * torch.rand(1, generator=gen).item()
            blocks.append(contrast * img + 1.2 * torch.randn(size, size, generator=gen))
        self.image = torch.stack(blocks).unsqueeze(1)

    def __len__(self):
        return len(self.label)

    def __getitem__(self, i):
        return self.image[i], self.label[i]


class QuiltNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(12)
        self.conv2 = nn.Conv2d(12, 24, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(24)
        self.fc = nn.Linear(24 * 4 * 4, len(PATTERNS))

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        return self.fc(x.flatten(1))


def evaluate(model, loader):
    model.eval()
    loss, correct = 0.0, 0
    with torch.no_grad():
        for image, label in loader:
            logits = model(image)
            loss += F.cross_entropy(logits, label, reduction="sum").item()
            correct += (logits.argmax(1) == label).sum().item()
    return loss / len(loader.dataset), correct / (len(loader) * loader.batch_size)


def main():
    torch.manual_seed(8)
    train_loader = DataLoader(QuiltBlocks(3000, 1), batch_size=60, shuffle=True)
    valid_loader = DataLoader(QuiltBlocks(600, 2), batch_size=256)
    model = QuiltNet()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=2e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6)
    for epoch in range(6):
        model.train()
        total = 0.0
        for image, label in train_loader:
            loss = F.cross_entropy(model(image), label)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(label)
        scheduler.step()
        valid_loss, valid_acc = evaluate(model, valid_loader)
        print(f"epoch {epoch + 1} train loss {total / len(train_loader.dataset):.4f} "
              f"valid loss {valid_loss:.4f} valid acc {valid_acc:.4f}")
    print(f"pattern accuracy: {valid_acc:.4f}")


main()
