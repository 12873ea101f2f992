import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", default=24, type=int)
    p.add_argument("--batch", default=16, type=int)
    p.add_argument("--base-lr", default=0.15, type=float)
    p.add_argument("--power", default=0.9, type=float)
    return p.parse_args()


def make_fields(n, size=16):
    """Images with a disc or a bar on a sloping background; the mask says which pixels belong to what."""
    yy, xx = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    images = torch.zeros(n, 1, size, size)
    masks = torch.zeros(n, size, size, dtype=torch.long)
    for i in range(n):
        slope = torch.randn(2) * 0.05
        img = (xx - size / 2) * slope[0] + (yy - size / 2) * slope[1]
        cy, cx = torch.randint(4, size - 4, (2,))
        disc = (yy - cy) ** 2 + (xx - cx) ** 2 <= int(torch.randint(4, 17, (1,)))
        masks[i][disc] = 1
        top = int(torch.randint(1, size - 3, (1,)))
        bar = (yy >= top) & (yy < top + 2)
        masks[i][bar] = 2
        img = img + 1.2 * (masks[i] > 0) + 0.6 * torch.randn(size, size)
        images[i, 0] = img
    return (images - images.mean()) / images.std(), masks


class SegNet(nn.Module):
    def __init__(self, c=8, n_classes=3):
        super().__init__()
        self.enc1 = nn.Sequential(nn.Conv2d(1, c, 3, padding=1), nn.BatchNorm2d(c), nn.ReLU())
        self.enc2 = nn.Sequential(nn.Conv2d(c, 2 * c, 3, padding=1), nn.BatchNorm2d(2 * c), nn.ReLU())
        self.dec = nn.Sequential(nn.Conv2d(3 * c, c, 3, padding=1), nn.BatchNorm2d(c), nn.ReLU())
        self.cls = nn.Conv2d(c, n_classes, 1)

    def forward(self, x):
        a = self.enc1(x)
        b = self.enc2(F.max_pool2d(a, 2))
        b = F.interpolate(b, scale_factor=2, mode="nearest")
        return self.cls(self.dec(torch.cat([a, b], 1)))


def mean_iou(pred, target, k=3):
    ious = []
    for c in range(k):
        inter = ((pred == c) & (target == c)).sum().item()
        union = ((pred == c) | (target == c)).sum().item()
        ious.append(inter / union)
    return sum(ious) / k


args = get_args()
torch.manual_seed(31)
x_train, m_train = make_fields(192)
x_val, m_val = make_fields(64)
net = SegNet()
optimizer = torch.optim.SGD(net.parameters(), lr=args.base_lr, momentum=0.9, weight_decay=5e-4)
iters_per_epoch = len(x_train) // args.batch
max_iter = args.epochs
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda it: max(0.0, 1 - it / max_iter) ** args.power)

for epoch in range(args.epochs):
    net.train()
    running = 0.0
    for idx in torch.randperm(len(x_train)).split(args.batch):
        loss = F.cross_entropy(net(x_train[idx]), m_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        running += loss.item()
    net.eval()
    with torch.no_grad():
        out = net(x_val)
        val_loss = F.cross_entropy(out, m_val).item()
        miou = mean_iou(out.argmax(1), m_val)
    print(f"Epoch {epoch + 1}/{args.epochs}  loss {running / iters_per_epoch:.4f}  val {val_loss:.4f}  mIoU {miou:.4f}")
print(f"mIoU: {miou:.4f}")
