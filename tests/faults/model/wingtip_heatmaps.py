"""Key point localisation: the net draws a heat map, the arg-max is the position of the wing tip."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(14)
SIZE = 16


def gaussian(cy, cx, sigma=1.2):
    ys, xs = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    return torch.exp(-((ys - cy) ** 2 + (xs - cx) ** 2) / (2 * sigma ** 2))


class Wings(Dataset):
    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.pos = torch.randint(3, SIZE - 3, (n, 2), generator=g)
        self.img = 0.3 * torch.randn(n, 1, SIZE, SIZE, generator=g)
        self.img[:, 0] += torch.stack([0.5 * (r % 3 - 1) * torch.ones(SIZE, SIZE) for r in range(n)]) * 0.4
        for i, (y, x) in enumerate(self.pos.tolist()):
            self.img[i, 0, y - 2:y + 1, x] += 1.5
            self.img[i, 0, y, x:x + 3] += 1.5
            oy, ox = torch.randint(2, SIZE - 2, (2,), generator=g).tolist()
            self.img[i, 0, oy, ox - 2:ox + 3] += 1.2

    def __len__(self):
        return len(self.pos)

    def __getitem__(self, i):
        return self.img[i], gaussian(*self.pos[i]), self.pos[i]


class HeatmapNet(nn.Module):
    def __init__(self, channels=12, depth=7):
        super().__init__()
        layers, c = [], 1
        for _ in range(depth):
            layers += [nn.Conv2d(c, channels, 3, padding=1), nn.Sigmoid()]
            c = channels
        self.body = nn.Sequential(*layers)
        self.head = nn.Conv2d(c, 1, 1)

    def forward(self, x):
        return self.head(self.body(x)).squeeze(1)


def heatmap_loss(logits, target):
    prob = target.flatten(1) / target.flatten(1).sum(1, keepdim=True)
    return F.cross_entropy(logits.flatten(1), prob)


@torch.no_grad()
def pixel_error(model, loader):
    model.eval()
    dist = []
    for img, _, pos in loader:
        flat = model(img).flatten(1).argmax(1)
        got = torch.stack([flat // SIZE, flat % SIZE], 1)
        dist.append((got - pos).float().norm(dim=1))
    return torch.cat(dist).mean().item()


train_dl = DataLoader(Wings(1200, 1), batch_size=40, shuffle=True)
val_dl = DataLoader(Wings(300, 2), batch_size=100)
net = HeatmapNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
EPOCHS = 8
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EPOCHS)
for epoch in range(1, EPOCHS + 1):
    net.train()
    total = 0.0
    for img, heat, _ in train_dl:
        loss = heatmap_loss(net(img), heat)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() / len(train_dl)
    sched.step()
    print(f"[{epoch}/{EPOCHS}] loss {total:.4f} val error {pixel_error(net, val_dl):.3f} px")
print(f"mean key point error: {pixel_error(net, val_dl):.4f} px")
