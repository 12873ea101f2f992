"""Five rock textures under the polarising microscope, told apart by a fixed bank of Gabor filters and a small
trained readout.  The bank is textbook optics and stays as it is; a museum's kiosk runs the readout."""
import argparse
import math

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

ROCKS = ["schist", "gneiss", "granite", "basalt", "oolite"]


def thin_sections(n):
    yy, xx = torch.meshgrid(torch.arange(24.0), torch.arange(24.0), indexing="ij")
    kind = torch.randint(len(ROCKS), (n,))
    turn, phase = math.pi * torch.rand(n, 1, 1), 2 * math.pi * torch.rand(n, 1, 1)
    along = xx * torch.cos(turn) + yy * torch.sin(turn)
    across = yy * torch.cos(turn) - xx * torch.sin(turn)
    noise = torch.randn(n, 24, 24)
    fine = nn.functional.avg_pool2d(noise[:, None], 3, 1, 1)[:, 0] * 2.4
    coarse = nn.functional.avg_pool2d(noise[:, None], 7, 1, 3)[:, 0] * 6.0
    kinds = torch.stack([
        torch.sin(2.1 * along + phase),
        torch.sin(1.0 * along + phase + 0.8 * torch.sin(0.4 * across)),
        coarse,
        fine,
        torch.sin(1.5 * along + phase) * torch.sin(1.5 * across + phase),
    ], 1)
    picture = kinds[torch.arange(n), kind] * (0.6 + 0.5 * torch.rand(n, 1, 1)) + 0.45 * torch.randn(n, 24, 24)
    return picture[:, None], kind


def gabor_bank(size=9):
    r = torch.arange(size) - size // 2
    yy, xx = torch.meshgrid(r.float(), r.float(), indexing="ij")
    bank = []
    for frequency in (0.7, 1.1, 1.6, 2.2):
        for k in range(4):
            a = k * math.pi / 4
            wave = frequency * (xx * math.cos(a) + yy * math.sin(a))
            for f in (torch.cos, torch.sin):
                g = f(wave) * torch.exp(-(xx ** 2 + yy ** 2) / 8)
                g = g - g.mean()
                bank.append(g / g.norm())
    return torch.stack(bank)[:, None]


class Kiosk(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.bank = nn.Conv2d(1, 32, 9, stride=2, bias=False)
        with torch.no_grad():
            self.bank.weight.copy_(gabor_bank())
        self.bank.requires_grad_(False)
        self.norm = nn.BatchNorm1d(48)
        self.readout = nn.Sequential(nn.Linear(48, width), nn.ReLU(), nn.Linear(width, len(ROCKS)))

    def forward(self, picture):
        r = self.bank(picture)
        energy = r[:, 0::2] ** 2 + r[:, 1::2] ** 2
        pooled = torch.cat([energy.mean((2, 3)), energy.std((2, 3)), energy.amax((2, 3))], 1)
        return self.readout(self.norm(torch.log1p(pooled)))


ap = argparse.ArgumentParser()
ap.add_argument("-e", "--epochs", type=int, default=6)
ap.add_argument("-w", "--width", type=int, default=64)
ap.add_argument("--lr", type=float, default=0.1)
opt = ap.parse_args()

torch.manual_seed(33)
full = TensorDataset(*thin_sections(3600))
train, valid = random_split(full, [3000, 600])
loader = DataLoader(train, batch_size=50, shuffle=True)
valid_loader = DataLoader(valid, batch_size=200)
net = Kiosk(opt.width)
trained = [p for p in net.parameters() if p.requires_grad]
print(f"{sum(p.numel() for p in trained)} of {sum(p.numel() for p in net.parameters())} weights are trained")
sgd = torch.optim.SGD(trained, lr=opt.lr, momentum=0.9, weight_decay=1e-4)
decay = torch.optim.lr_scheduler.CosineAnnealingLR(sgd, opt.epochs * len(loader))
criterion = nn.CrossEntropyLoss()

for epoch in range(opt.epochs):
    net.train()
    train_loss = 0
    for picture, kind in loader:
        sgd.zero_grad()
        loss = criterion(net(picture), kind)
        loss.backward()
        sgd.step()
        decay.step()
        train_loss += loss.item() / len(loader)
    net.eval()
    with torch.no_grad():
        hits = torch.cat([net(p).argmax(1) == k for p, k in valid_loader])
        losses = [criterion(net(p), k).item() for p, k in valid_loader]
    print(f"epoch {epoch + 1} :: train loss {train_loss:.3f} :: valid loss {sum(losses) / len(losses):.3f} :: valid acc {hits.float().mean():.3f}")
print(f"rocks named correctly: {hits.float().mean():.4f}")
