"""Hot cells on solar panels: a thermal drone image goes through a little U-Net and every pixel
that is too warm for its kind of panel is marked, so the technician knows where to climb."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

rng = np.random.default_rng(31)
torch.manual_seed(31)


def fly(n, side=16):
    """panel temperature drifts from flight to flight, cells above 60 degrees are defects"""
    base = rng.uniform(30, 62, (n, 1, 1))
    yy, xx = np.mgrid[:side, :side]
    pic = np.zeros((n, side, side))
    for _ in range(5):
        cy, cx = rng.uniform(0, side, (2, n, 1, 1))
        r = rng.uniform(1.5, 3.5, (n, 1, 1))
        pic += rng.uniform(-14, 18, (n, 1, 1)) * np.exp(-((yy - cy) ** 2 + (xx - cx) ** 2) / (2 * r ** 2))
    temp = base + pic
    hot = (temp > 60).astype(np.float32)
    seen = temp + 1.5 * rng.normal(size=temp.shape)
    return torch.tensor((seen - 48) / 12, dtype=torch.float32)[:, None], torch.tensor(hot)[:, None]


def block(i, o):
    return nn.Sequential(
        nn.Conv2d(i, o, 3, padding=1, padding_mode="replicate", bias=False), nn.BatchNorm2d(o), nn.ReLU(),
        nn.Conv2d(o, o, 3, padding=1, padding_mode="replicate", bias=False), nn.BatchNorm2d(o), nn.ReLU())


class UNet(nn.Module):
    def __init__(self, c=6):
        super().__init__()
        self.e1, self.e2, self.mid = block(1, c), block(c, 2 * c), block(2 * c, 2 * c)
        self.u2, self.d2 = nn.ConvTranspose2d(2 * c, 2 * c, 2, 2), block(4 * c, 2 * c)
        self.u1, self.d1 = nn.ConvTranspose2d(2 * c, c, 2, 2), block(2 * c, c)
        self.last = nn.Conv2d(c, 1, 1)

    def forward(self, x):
        a = self.e1(x)
        b = self.e2(F.max_pool2d(a, 2))
        m = self.mid(F.max_pool2d(b, 2))
        b = self.d2(torch.cat([self.u2(m), b], 1))
        a = self.d1(torch.cat([self.u1(b), a], 1))
        return self.last(a)


def dice_loss(logit, mask):
    p = torch.sigmoid(logit)
    return 1 - (2 * (p * mask).sum() + 1) / (p.sum() + mask.sum() + 1)


def iou(net, img, mask):
    net.eval()
    with torch.no_grad():
        out = net(img) > 0
    net.train()
    m = mask > 0.5
    return ((out & m).sum() / (out | m).sum()).item(), (out == m).float().mean().item()


X, M = fly(1600)
XV, MV = fly(250)
IMAGES_PER_STEP = 1
STEPS = 450

net = UNet()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, STEPS)
queue, seen, recent = [], 0, []
for step in range(STEPS):
    if len(queue) < IMAGES_PER_STEP:
        queue = list(rng.permutation(len(X)))
    take = [queue.pop() for _ in range(IMAGES_PER_STEP)]
    logit = net(X[take])
    loss = F.binary_cross_entropy_with_logits(logit, M[take]) + 0.3 * dice_loss(logit, M[take])
    opt.zero_grad()
    loss.backward()
    opt.step()
    sch.step()
    seen += len(take)
    recent.append(loss.item())
    if step % 100 == 99:
        i, acc = iou(net, XV, MV)
        print(f"{step + 1} steps ({seen} images): loss={np.mean(recent[-100:]):.3f} IoU={i:.3f} pixel-acc={acc:.3f}")
print("validation IoU: %.4f, pixel accuracy %.4f" % iou(net, XV, MV))
