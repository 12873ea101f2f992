# Spotting marker buoys in small harbour-camera crops. One-stage detector on a 6 x 6 grid:
# every cell says whether a buoy's centre lies in it and where inside the cell.
import argparse

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

SIZE, GRID = 48, 6
STRIDE = SIZE // GRID


def draw_scene(rng):
    yy, xx = np.mgrid[0:SIZE, 0:SIZE]
    img = 0.35 * np.sin(yy / rng.uniform(2, 5) + 0.3 * np.sin(xx / rng.uniform(4, 9)) + rng.uniform(0, 6))
    img += rng.normal(0, 0.4, (SIZE, SIZE))
    for _ in range(rng.integers(1, 4)):                        # gulls and foam
        cx, cy = rng.uniform(2, SIZE - 2, 2)
        img += rng.uniform(0.6, 1.3) * np.exp(-((xx - cx) ** 2 / rng.uniform(6, 20) + (yy - cy) ** 2 / 1.5))
    target = np.zeros((3, GRID, GRID), dtype=np.float32)
    for _ in range(rng.integers(3, 7)):
        cx, cy = rng.uniform(3, SIZE - 3, 2)
        r = np.sqrt((xx - cx) ** 2 + (yy - cy) ** 2)
        img += rng.uniform(1.0, 1.6) * np.exp(-((r - 2.2) ** 2) / 0.8)
        j, i = int(cx // STRIDE), int(cy // STRIDE)
        target[:, i, j] = 1.0, cx / STRIDE - j, cy / STRIDE - i
    return img.astype(np.float32)[None], target


def make_set(n, seed):
    rng = np.random.default_rng(seed)
    scenes = [draw_scene(rng) for _ in range(n)]
    x = torch.from_numpy(np.stack([s[0] for s in scenes]))
    t = torch.from_numpy(np.stack([s[1] for s in scenes]))
    return TensorDataset(x, t)


class Spotter(nn.Module):
    def __init__(self, width=12):
        super().__init__()
        def block(i, o, s):
            return nn.Sequential(nn.Conv2d(i, o, 3, s, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))
        self.trunk = nn.Sequential(block(1, width, 2), block(width, 2 * width, 2), block(2 * width, 4 * width, 2),
                                   block(4 * width, 4 * width, 1))
        self.head = nn.Conv2d(4 * width, 3, 1)

    def forward(self, x):
        out = torch.sigmoid(self.head(self.trunk(x)))
        return out[:, 0], out[:, 1:]


def detection_loss(conf, offset, target):
    is_buoy = target[:, 0]
    found = F.binary_cross_entropy_with_logits(conf, is_buoy)
    where = (F.l1_loss(offset, target[:, 1:], reduction="none").sum(1) * is_buoy).sum() / is_buoy.sum().clamp(min=1)
    return found + 0.2 * where, found, where


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    tp = fp = fn = 0
    err, hits = 0.0, 0
    for x, t in loader:
        conf, offset = model(x)
        said, true = conf > 0.5, t[:, 0] > 0.5
        tp += (said & true).sum().item()
        fp += (said & ~true).sum().item()
        fn += (~said & true).sum().item()
        both = said & true
        d = (offset - t[:, 1:]).permute(0, 2, 3, 1)[both].norm(dim=-1) * STRIDE
        err, hits = err + d.sum().item(), hits + len(d)
    return 2 * tp / max(2 * tp + fp + fn, 1), err / max(hits, 1)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=8)
    ap.add_argument("--batch-size", type=int, default=32)
    ap.add_argument("--lr", type=float, default=0.1)
    args = ap.parse_args()
    torch.manual_seed(3)

    train = DataLoader(make_set(1200, 0), batch_size=args.batch_size, shuffle=True)
    val = DataLoader(make_set(300, 1), batch_size=100)
    model = Spotter()
    opt = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)

    for epoch in range(args.epochs):
        model.train()
        sums = torch.zeros(2)
        for x, t in train:
            loss, found, where = detection_loss(*model(x), t)
            opt.zero_grad(set_to_none=True)
            loss.backward()
            opt.step()
            sums += torch.tensor([found.item(), where.item()])
        plan.step()
        f1, px = evaluate(model, val)
        sums /= len(train)
        print(f"ep {epoch} | obj {sums[0]:.4f} box {sums[1]:.4f} | val F1 {f1:.3f} | {px:.2f} px off")
    print(f"detector F1: {f1:.4f}")


if __name__ == "__main__":
    main()
