"""Segment eelgrass beds on small sonar tiles of a cove."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

SIZE = 16


def tiles(n, rng):
    yy, xx = np.mgrid[0:SIZE, 0:SIZE]
    images = np.empty((n, 2, SIZE, SIZE), dtype=np.float32)
    masks = np.empty((n, 1, SIZE, SIZE), dtype=np.float32)
    for i in range(n):
        bed = np.zeros((SIZE, SIZE), dtype=bool)
        for _ in range(rng.integers(1, 4)):
            cy, cx = rng.uniform(2, SIZE - 2, 2)
            ry, rx = rng.uniform(2.5, 6, 2)
            bed |= ((yy - cy) / ry) ** 2 + ((xx - cx) / rx) ** 2 < 1
        slope = rng.uniform(-1, 1) * (xx - SIZE / 2) / SIZE
        images[i, 0] = 0.9 * bed + slope + rng.normal(0, 0.75, (SIZE, SIZE))
        images[i, 1] = np.where(bed, 1.0, 0.3) * rng.normal(0, 1, (SIZE, SIZE))
        masks[i, 0] = bed
    return torch.from_numpy(images), torch.from_numpy(masks)


class TinyUNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.down1 = nn.Conv2d(2, c, 3, padding=1)
        self.down2 = nn.Conv2d(c, 2 * c, 3, padding=1)
        self.mid = nn.Conv2d(2 * c, 2 * c, 3, padding=1)
        self.up = nn.ConvTranspose2d(2 * c, c, 2, stride=2)
        self.out = nn.Conv2d(2 * c, 1, 3, padding=1)

    def forward(self, x):
        a = F.relu(self.down1(x))
        b = F.relu(self.down2(F.max_pool2d(a, 2)))
        b = F.relu(self.mid(b))
        return self.out(torch.cat([a, F.relu(self.up(b))], dim=1))


def iou(model, x, y):
    model.eval()
    with torch.no_grad():
        logits = model(x)
    guess, truth = logits > 0, y > 0.5
    overlap = (guess & truth).sum().item() / max(1, (guess | truth).sum().item())
    return F.binary_cross_entropy_with_logits(logits, y).item(), overlap


torch.manual_seed(6)
rng = np.random.default_rng(6)
x_train, y_train = tiles(480, rng)
x_test, y_test = tiles(140, rng)
mean, std = x_train.mean((0, 2, 3), keepdim=True), x_train.std((0, 2, 3), keepdim=True)
x_train, x_test = (x_train - mean) / std, (x_test - mean) / std

model = TinyUNet()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=0.03)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
for epoch in range(10):
    model.train()
    losses = []
    for rows in torch.randperm(len(x_train)).split(16):
        loss = F.binary_cross_entropy_with_logits(model(x_train[rows]), y_train[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    test_loss, overlap = iou(model, x_test, y_test)
    print(f"epoch {epoch + 1:2d}  train {np.mean(losses):.4f}  test {test_loss:.4f}  IoU {overlap:.4f}")
print(f"eelgrass IoU: {overlap:.4f}")
