# Segment holes and thin patches in scans of nori sheets.
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(50)
SIDE, TRAIN, TEST, EPOCHS, BATCH = 20, 800, 300, 8, 20


def scans(n, seed):
    g = torch.Generator().manual_seed(seed)
    axis = torch.arange(SIDE).float()
    yy, xx = axis.view(1, 1, -1, 1), axis.view(1, 1, 1, -1)
    spots = 3
    cy, cx = [(3 + (SIDE - 6) * torch.rand(n, spots, 1, 1, generator=g)) for _ in range(2)]
    ry, rx = [(1.5 + 3 * torch.rand(n, spots, 1, 1, generator=g)) for _ in range(2)]
    inside = (((yy - cy) / ry) ** 2 + ((xx - cx) / rx) ** 2) < 1
    mask = inside.any(dim=1, keepdim=True).float()
    fibre = F.avg_pool2d(torch.randn(n, 1, SIDE + 4, SIDE + 4, generator=g), (1, 5), stride=1)[:, :, 2:-2]
    light = 0.3 * torch.randn(n, 1, 1, 1, generator=g) * (axis / SIDE - 0.5)
    image = 0.9 * mask + 0.8 * fibre + light + 0.45 * torch.randn(n, 1, SIDE, SIDE, generator=g)
    return image, mask


def double(i, o):
    return nn.Sequential(
        nn.Conv2d(i, o, 3, padding=1), nn.GroupNorm(4, o), nn.SiLU(),
        nn.Conv2d(o, o, 3, padding=1), nn.GroupNorm(4, o), nn.SiLU(),
    )


class SmallUNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = double(1, 8)
        self.mid = double(8, 16)
        self.up = double(24, 8)
        self.out = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        a = self.down(x)
        b = F.interpolate(self.mid(F.max_pool2d(a, 2)), scale_factor=2, mode="nearest")
        return self.out(self.up(torch.cat([a, b], dim=1)))


def overlap(logits, mask, eps=1.0):
    p = torch.sigmoid(logits).flatten(1)
    m = mask.flatten(1)
    return ((2 * (p * m).sum(1) + eps) / (p.sum(1) + m.sum(1) + eps)).mean()


def objective(logits, mask):
    return F.binary_cross_entropy_with_logits(logits, mask) + 0.38 * overlap(logits, mask)


image, mask = scans(TRAIN, 1)
image_test, mask_test = scans(TEST, 2)
mu, sd = image.mean(), image.std()
image, image_test = (image - mu) / sd, (image_test - mu) / sd

model = SmallUNet()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS, eta_min=1e-4)

for epoch in range(EPOCHS):
    model.train()
    total = 0.0
    for idx in torch.randperm(TRAIN).split(BATCH):
        loss = objective(model(image[idx]), mask[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits = model(image_test)
        held = objective(logits, mask_test).item()
        found = logits > 0
        truth = mask_test > 0.5
        iou = ((found & truth).sum() / (found | truth).sum()).item()
    print(f"epoch {epoch + 1:2d}: train {total / TRAIN:.4f}  test {held:.4f}  iou {iou:.4f}")

print(f"share of pixels right: {(found == truth).float().mean().item():.4f}")
print(f"test intersection over union: {iou:.4f}")
