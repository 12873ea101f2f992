import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
SIZE = 24


def make_cells(n):
    """Noisy images with one to three round nuclei, and their masks."""
    grid = torch.stack(torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")).float()
    masks = torch.zeros(n, 1, SIZE, SIZE)
    for i in range(n):
        for _ in range(int(torch.randint(1, 4, (1,)))):
            centre = torch.randint(4, SIZE - 4, (2, 1, 1)).float()
            radius = 2.5 + 2 * torch.rand(1)
            masks[i, 0][((grid - centre) ** 2).sum(0) < radius ** 2] = 1.0
    images = 0.9 * masks + 0.6 * torch.randn(n, 1, SIZE, SIZE)
    return (images - images.mean()) / images.std(), masks


def double_conv(cin, cout):
    return nn.Sequential(nn.Conv2d(cin, cout, 3, padding=1), nn.BatchNorm2d(cout), nn.ReLU(),
                         nn.Conv2d(cout, cout, 3, padding=1), nn.BatchNorm2d(cout), nn.ReLU())


class MiniUNet(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.down1 = double_conv(1, width)
        self.down2 = double_conv(width, 2 * width)
        self.up = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.fuse = double_conv(2 * width, width)
        self.out = nn.Conv2d(width, 1, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        return self.out(self.fuse(torch.cat([a, self.up(b)], dim=1)))


class DiceLoss(nn.Module):
    def __init__(self, smooth=1.0):
        super().__init__()
        self.smooth = smooth

    def forward(self, logits, target):
        prob = torch.sigmoid(logits).flatten(1)
        target = target.flatten(1)
        overlap = (prob * target).sum(1)
        dice = (2 * overlap + self.smooth) / (prob.sum(1) + target.sum(1) + self.smooth)
        return dice.mean()


def iou(logits, target):
    pred = logits > 0
    target = target > 0.5
    inter = (pred & target).flatten(1).sum(1).float()
    union = (pred | target).flatten(1).sum(1).float().clamp(min=1)
    return (inter / union).mean().item()


images, masks = make_cells(800)
x_train, m_train, x_val, m_val = images[:640], masks[:640], images[640:], masks[640:]
model, criterion = MiniUNet(), DiceLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(10):
    model.train()
    order = torch.randperm(len(x_train))
    total = 0.0
    for start in range(0, len(order), 32):
        idx = order[start:start + 32]
        loss = criterion(model(x_train[idx]), m_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    model.eval()
    with torch.no_grad():
        val = iou(model(x_val), m_val)
    print(f"epoch {epoch + 1}: train {total / len(x_train):.4f}  val IoU {val:.4f}")
print("final val IoU", round(val, 4))
