"""Segment faint specks in noisy survey tiles with a small fully convolutional network."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(19)
SIZE = 20


def tiles(n):
    mask = torch.zeros(n, 1, SIZE, SIZE)
    for i in range(n):
        for _ in range(2):
            r, c = torch.randint(0, SIZE - 2, (2,)).tolist()
            mask[i, 0, r:r + 2, c:c + 2] = 1
    image = torch.randn(n, 1, SIZE, SIZE) + 1.5 * mask
    return image, mask


class SpeckNet(nn.Module):
    def __init__(self, ch=8):
        super().__init__()
        self.c1 = nn.Conv2d(1, ch, 5, padding=2)
        self.c2 = nn.Conv2d(ch, ch, 3, padding=1)
        self.c3 = nn.Conv2d(ch, 1, 1)

    def forward(self, x):
        return self.c3(F.relu(self.c2(F.relu(self.c1(x)))))


def dice(logits, mask):
    pred = (logits > 0).float()
    return (2 * (pred * mask).sum() / (pred.sum() + mask.sum() + 1e-6)).item()


train_x, train_m = tiles(600)
valid_x, valid_m = tiles(150)
print(f"speck share {train_m.mean().item():.4f}")
model = SpeckNet()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(1, 16):
    model.train()
    total = 0.0
    for idx in torch.randperm(len(train_x)).split(20):
        loss = criterion(model(train_x[idx]), train_m[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    model.eval()
    with torch.no_grad():
        logits = model(valid_x)
        val = criterion(logits, valid_m).item()
    hit = ((logits > 0) & (valid_m > 0)).sum().item() / valid_m.sum().item()
    print(f"epoch {epoch:2d} loss {total / len(train_x):.4f} valid {val:.4f} recall {hit:.4f} dice {dice(logits, valid_m):.4f}")
