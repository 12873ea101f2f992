import torch
from torch import nn
import torch.nn.functional as F


class MossSegmenter(nn.Module):
    def __init__(self, ch=12):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, ch, 3, padding=1), nn.ReLU(), nn.Conv2d(ch, ch, 3, padding=1), nn.ReLU())
        self.down = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(ch, 2 * ch, 3, padding=1), nn.ReLU())
        self.up = nn.ConvTranspose2d(2 * ch, ch, 2, stride=2)
        self.out = nn.Conv2d(2 * ch, 1, 1)

    def forward(self, x):
        a = self.enc(x)
        b = self.up(self.down(a))
        return self.out(torch.cat([a, b], 1)).squeeze(1)


def soft_dice(logits, mask):
    p = torch.sigmoid(logits)
    inter = (p * mask).sum((1, 2))
    return ((2 * inter + 1) / (p.sum((1, 2)) + mask.sum((1, 2)) + 1)).mean()


def roofs(n, gen):
    """Photographs of slate roofs with patches of moss."""
    yy, xx = torch.meshgrid(torch.arange(24.0), torch.arange(24.0), indexing="ij")
    imgs, masks = [], []
    for _ in range(n):
        mask = torch.zeros(24, 24)
        for _ in range(int(torch.randint(1, 4, (1,), generator=gen))):
            cy, cx, r = (torch.rand(3, generator=gen) * torch.tensor([24.0, 24.0, 4.0])).tolist()
            mask = torch.maximum(mask, (((yy - cy) ** 2 + (xx - cx) ** 2) < (r + 2) ** 2).float())
        slate = 0.5 + 0.1 * torch.sin(yy / 1.5)
        green = torch.stack([slate - 0.10 * mask, slate + 0.10 * mask, slate - 0.05 * mask])
        imgs.append(green + 0.13 * torch.randn(3, 24, 24, generator=gen))
        masks.append(mask)
    return (torch.stack(imgs) - 0.5) / 0.2, torch.stack(masks)


def iou(net, x, m):
    net.eval()
    with torch.no_grad():
        p = net(x) > 0
    m = m > 0.5
    return ((p & m).sum() / (p | m).sum().clamp(min=1)).item()


def train():
    torch.manual_seed(12)
    gen = torch.Generator().manual_seed(12)
    x, m = roofs(320, gen)
    xv, mv = roofs(100, gen)
    net = MossSegmenter()
    opt = torch.optim.Adam(net.parameters(), lr=3e-3)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=6e-3, total_steps=240)
    for epoch in range(24):
        net.train()
        log = []
        for idx in torch.randperm(320).split(32):
            logits = net(x[idx])
            overlap = soft_dice(logits, m[idx])
            loss = F.binary_cross_entropy_with_logits(logits, m[idx]) + 0.4 * overlap
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            log.append(loss.item())
        if epoch % 4 == 3:
            print(f"epoch {epoch + 1}: loss {sum(log) / len(log):.4f}, validation IoU {iou(net, xv, mv):.4f}")


train()
