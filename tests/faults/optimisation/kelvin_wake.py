"""Small CNN on wake patterns, trained with a gradient scaler."""
import argparse

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def wakes(n, size=14):
    yy, xx = torch.meshgrid(torch.linspace(-1, 1, size), torch.linspace(-1, 1, size), indexing="ij")
    y = torch.arange(n) % 4
    angle = torch.rand(n, 1, 1) * 0.5 - 0.25 + y.view(-1, 1, 1) * 0.785
    shift = torch.rand(n, 1, 1) * 6.28
    u = xx * torch.cos(angle) + yy * torch.sin(angle)
    v = -xx * torch.sin(angle) + yy * torch.cos(angle)
    img = torch.cos(7 * u + shift) * torch.exp(-2 * v ** 2) + 0.8 * torch.randn(n, size, size)
    img = (img - img.mean()) / img.std()
    return img.unsqueeze(1), y


class WakeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 5, padding=2)
        self.conv2 = nn.Conv2d(12, 16, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(16 * 9, 4)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        x = self.pool(torch.relu(self.conv2(x)))
        return self.fc(x.flatten(1))


def train_one_epoch(model, loader, criterion, optimizer, scaler, max_norm):
    model.train()
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = criterion(model(x), y)
        scaler.scale(loss).backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        scaler.step(optimizer)
        scaler.update()
        total += loss.item() * len(y)
    return total / len(loader.dataset)


@torch.no_grad()
def validate(model, loader, criterion):
    model.eval()
    loss, correct = 0.0, 0
    for x, y in loader:
        out = model(x)
        loss += criterion(out, y).item() * len(y)
        correct += (out.argmax(1) == y).sum().item()
    return loss / len(loader.dataset), correct / len(loader.dataset)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=10)
    ap.add_argument("--lr", type=float, default=0.05)
    ap.add_argument("--max-norm", type=float, default=2.0)
    ap.add_argument("--init-scale", type=float, default=512.0)
    opt = ap.parse_args()
    torch.manual_seed(12)
    train_loader = DataLoader(TensorDataset(*wakes(1200)), batch_size=40, shuffle=True)
    val_loader = DataLoader(TensorDataset(*wakes(400)), batch_size=200)
    model = WakeNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=opt.lr, momentum=0.9, weight_decay=1e-3)
    scaler = torch.amp.GradScaler("cpu", init_scale=opt.init_scale)
    for epoch in range(1, opt.epochs + 1):
        train_loss = train_one_epoch(model, train_loader, criterion, optimizer, scaler, opt.max_norm)
        val_loss, val_acc = validate(model, val_loader, criterion)
        print(f"{epoch:3d}  train {train_loss:.4f}  val {val_loss:.4f}  acc {val_acc:.4f}")
    print(f"final val acc: {val_acc:.4f}")
