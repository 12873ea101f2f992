import argparse

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--micro-batch", type=int, default=12)
parser.add_argument("--accumulate", type=int, default=5)
parser.add_argument("--epochs", type=int, default=9)
parser.add_argument("--lr", type=float, default=3e-3)
args = parser.parse_args()

torch.manual_seed(23)


def orchards(n, size=16):
    """Count of fruit-coloured spots (0..3) in small tiles."""
    count = torch.arange(n) % 4
    yy, xx = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    tiles = 0.4 * torch.randn(n, 1, size, size)
    corners = torch.stack([torch.randperm(4) for _ in range(n)])
    for k in range(3):
        cy = (corners[:, k] // 2) * 8 + torch.randint(2, 6, (n,))
        cx = (corners[:, k] % 2) * 8 + torch.randint(2, 6, (n,))
        blob = torch.exp(-((yy - cy[:, None, None]) ** 2 + (xx - cx[:, None, None]) ** 2) / 3.0)
        tiles[:, 0] += 2.5 * blob * (count > k)[:, None, None]
    return (tiles - tiles.mean()) / tiles.std(), count


class SpotCounter(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1), nn.GroupNorm(4, width), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride=2, padding=1), nn.GroupNorm(4, width), nn.ReLU(),
        )
        self.fc = nn.Linear(width * 64, 4)

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


train_loader = DataLoader(TensorDataset(*orchards(1800)), batch_size=args.micro_batch, shuffle=True)
test_x, test_y = orchards(600)
model = SpotCounter()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.05)
steps = args.epochs * len(train_loader) // args.accumulate
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=args.lr, total_steps=steps + 1)

micro = 0
optimizer.zero_grad()
for epoch in range(args.epochs):
    model.train()
    running = 0.0
    for x, y in train_loader:
        loss = criterion(model(x), y)
        (loss / args.accumulate).backward()
        running += loss.item()
        micro += 1
        if micro % args.accumulate == 0:
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        accuracy = (model(test_x).argmax(1) == test_y).float().mean().item()
    print(f"epoch {epoch + 1} loss {running / len(train_loader):.4f} accuracy {accuracy:.4f}")

print(f"count accuracy {accuracy:.4f}")
