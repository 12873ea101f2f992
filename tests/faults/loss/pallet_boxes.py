"""Where is the pallet?  One box per forklift camera frame (or none at all)."""
import torch
from torch import nn
from torch.nn import functional as F

SIDE = 20


def frames(n, seed):
    g = torch.Generator().manual_seed(seed)
    r = lambda *s: torch.rand(*s, generator=g)
    there = (r(n) < 0.75).float()
    wh = 0.25 + 0.35 * r(n, 2)
    centre = wh / 2 + r(n, 2) * (1 - wh)
    axis = (torch.arange(SIDE) + 0.5) / SIDE
    def edge(k):                                        # soft-edged interval along one axis
        d = wh[:, k:k + 1] / 2 - (axis[None] - centre[:, k:k + 1]).abs()
        return torch.sigmoid(40 * d)
    block = edge(1)[:, :, None] * edge(0)[:, None, :]
    slats = 0.75 + 0.25 * torch.sign(torch.sin(60 * axis))[None, :, None]
    pic = there[:, None, None] * block * slats * (0.7 + 0.6 * r(n, 1, 1))
    pic = pic + 0.25 * r(n, 1, 1) * axis[None, None, :] + 0.15 * torch.randn(n, SIDE, SIDE, generator=g)
    return (pic[:, None] - 0.3) / 0.35, there, torch.cat([centre, wh], 1)


def corners(box):
    c, s = box[..., :2], box[..., 2:]
    return torch.cat([c - s / 2, c + s / 2], -1)


def overlaps(a, b):
    """IoU and generalised IoU of matching boxes given as cx, cy, w, h"""
    a, b = corners(a), corners(b)
    lo, hi = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    inter = (hi - lo).clamp(min=0).prod(1)
    area = lambda z: (z[:, 2:] - z[:, :2]).clamp(min=0).prod(1)
    union = area(a) + area(b) - inter
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(1)
    iou = inter / union.clamp(min=1e-6)
    return iou, iou - (hull - union) / hull.clamp(min=1e-6)


class Detector(nn.Module):
    def __init__(self, c=16):
        super().__init__()
        self.eyes = nn.Sequential(
            nn.Conv2d(1, c, 3, stride=2, padding=1), nn.GroupNorm(4, c), nn.SiLU(),
            nn.Conv2d(c, 2 * c, 3, stride=2, padding=1), nn.GroupNorm(4, 2 * c), nn.SiLU())
        self.neck = nn.Sequential(nn.Flatten(), nn.Linear(2 * c * 25, 96), nn.SiLU())
        self.present = nn.Linear(96, 1)
        self.box = nn.Linear(96, 4)

    def forward(self, x):
        h = self.neck(self.eyes(x))
        return self.present(h).squeeze(1), torch.sigmoid(self.box(h))


@torch.no_grad()
def grade(model, data):
    x, there, box = data
    logit, guess = model(x)
    iou, _ = overlaps(guess, box)
    return ((logit > 0).float() == there).float().mean().item(), iou[there > 0].mean().item()


def train(model, data, val, epochs, batch, lr):
    x, there, box = data
    opt = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01)
    per_epoch = len(x) // batch
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, lr, total_steps=epochs * per_epoch, pct_start=0.15)
    for epoch in range(epochs):
        sums = torch.zeros(3)
        for idx in torch.randperm(len(x))[:per_epoch * batch].view(per_epoch, batch):
            logit, guess = model(x[idx])
            has = there[idx] > 0
            l_obj = F.binary_cross_entropy_with_logits(logit, there[idx])
            l_box = F.l1_loss(guess[has], box[idx][has], reduction="none").sum(1).mean()
            iou, giou = overlaps(guess[has], box[idx][has])
            loss = l_obj + 2.5 * l_box + giou.mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            sums += torch.tensor([l_obj.item(), l_box.item(), iou.mean().item()])
        o, b, i = (sums / per_epoch).tolist()
        acc, miou = grade(model, val)
        print(f"epoch {epoch:2d}: objectness {o:.3f}, L1 {b:.3f}, train IoU {i:.3f} -- val: present {acc:.3f}, IoU {miou:.3f}")


if __name__ == "__main__":
    torch.manual_seed(17)
    data, val = frames(3000, 1), frames(600, 2)
    model = Detector()
    train(model, data, val, epochs=10, batch=60, lr=4e-3)
    acc, miou = grade(model, val)
    print(f"present: {acc:.3f}   mean IoU: {miou:.4f}")
