"""Segment kelp patches in small synthetic aerial tiles with a two-level U-Net."""
import numpy as np
import torch
import torch.nn as nn
from scipy.ndimage import gaussian_filter
from torch.utils.data import DataLoader, TensorDataset, random_split

SIZE, N, BATCH, EPOCHS = 24, 480, 16, 14
torch.manual_seed(3)
rng = np.random.default_rng(3)


def make_tile():
    field = gaussian_filter(rng.normal(size=(SIZE, SIZE)), 2.6)
    field /= field.std()
    mask = field > 1.05
    glare = gaussian_filter(rng.normal(size=(SIZE, SIZE)), 1.0)
    image = 0.9 * mask + 1.3 * glare + 0.35 * rng.normal(size=(SIZE, SIZE))
    return image, mask


def block(cin, cout):
    return nn.Sequential(nn.Conv2d(cin, cout, 3, padding=1), nn.BatchNorm2d(cout), nn.ReLU(),
                         nn.Conv2d(cout, cout, 3, padding=1), nn.BatchNorm2d(cout), nn.ReLU())


class MiniUNet(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.enc1 = block(1, width)
        self.enc2 = block(width, 2 * width)
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.dec = block(2 * width, width)
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, x):
        a = self.enc1(x)
        b = self.enc2(self.pool(a))
        x = self.dec(torch.cat([a, self.up(b)], dim=1))
        return torch.sigmoid(self.head(x))


tiles = [make_tile() for _ in range(N)]
images = torch.tensor(np.stack([t[0] for t in tiles]), dtype=torch.float32).unsqueeze(1)
masks = torch.tensor(np.stack([t[1] for t in tiles]), dtype=torch.float32).unsqueeze(1)
images = (images - images.mean()) / images.std()
train_set, val_set = random_split(TensorDataset(images, masks), [384, 96], generator=torch.Generator().manual_seed(1))
train_loader = DataLoader(train_set, batch_size=BATCH, shuffle=True)
val_loader = DataLoader(val_set, batch_size=BATCH)

model = MiniUNet()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=8e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS)


def evaluate():
    model.eval()
    inter = union = total = 0.0
    with torch.no_grad():
        for x, y in val_loader:
            out = model(x)
            total += criterion(out, y).item() * len(x)
            pred = (out > 0.5).float()
            inter += (pred * y).sum().item()
            union += ((pred + y) > 0).sum().item()
    return total / len(val_set), inter / max(union, 1)


for epoch in range(EPOCHS):
    model.train()
    running = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(x)
    scheduler.step()
    val_loss, iou = evaluate()
    print(f"epoch {epoch + 1:2d}  train {running / len(train_set):.4f}  val {val_loss:.4f}  IoU {iou:.4f}")
print(f"final validation loss {val_loss:.4f}, IoU {iou:.4f}")
