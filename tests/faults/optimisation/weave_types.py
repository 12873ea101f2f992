"""Classify woven cloth samples by orientation and thread count, ConvNet with a warm-up / linear decay schedule."""
import argparse
import math

import torch
import torch.nn as nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset


def cloth_images(n, size=16, seed=0):
    g = torch.Generator().manual_seed(seed)
    kind = torch.randint(0, 8, (n,), generator=g)
    angle = (kind % 4) * math.pi / 4 + 0.12 * torch.randn(n, generator=g)
    freq = torch.where(kind < 4, 0.95, 1.45) + 0.06 * torch.randn(n, generator=g)
    phase = 2 * math.pi * torch.rand(n, generator=g)
    yy, xx = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    along = xx * torch.cos(angle)[:, None, None] + yy * torch.sin(angle)[:, None, None]
    img = torch.sin(along * freq[:, None, None] + phase[:, None, None])
    img = img + 1.3 * torch.randn(n, size, size, generator=g)
    return img.unsqueeze(1) / 1.48, kind


class WeaveNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(32 * 16, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 8))

    def forward(self, x):
        return self.classifier(self.body(x))


def warmup_linear(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (total - step) / max(1, total - warmup))
    return LambdaLR(optimizer, factor)


def validate(model, loader):
    model.eval()
    correct = 0
    with torch.no_grad():
        for img, kind in loader:
            correct += (model(img).argmax(1) == kind).sum().item()
    return correct / len(loader.dataset)


def main(args):
    torch.manual_seed(args.seed)
    train_loader = DataLoader(TensorDataset(*cloth_images(3000, seed=1)), batch_size=args.batch_size, shuffle=True)
    val_loader = DataLoader(TensorDataset(*cloth_images(800, seed=2)), batch_size=400)
    model = WeaveNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.01)
    total_steps = len(train_loader)
    scheduler = warmup_linear(optimizer, warmup=20, total=total_steps)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(args.epochs):
        model.train()
        running = 0.0
        for img, kind in train_loader:
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(model(img), kind)
            loss.backward()
            optimizer.step()
            scheduler.step()
            running += loss.item()
        print(f"Epoch {epoch + 1}/{args.epochs} loss={running / len(train_loader):.4f} val_acc={validate(model, val_loader):.4f}")
    print(f"val accuracy: {validate(model, val_loader):.4f}")


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=8)
    p.add_argument("--batch-size", type=int, default=50)
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--seed", type=int, default=42)
    main(p.parse_args())
