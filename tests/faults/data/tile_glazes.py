"""Glaze families from colour photographs of tiles, checked on the museum catalogue."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

FAMILIES = ["celadon", "cobalt", "tenmoku", "shino", "copper", "ash"]
BASE = np.array([[.52, .66, .57], [.34, .42, .66], [.36, .26, .22], [.74, .66, .58], [.40, .60, .52], [.62, .60, .56]])
MEAN, STD = np.array([.50, .53, .52]), np.array([.19, .18, .18])


def tiles(rng, n):
    y = rng.integers(0, 6, n)
    colour = BASE[y][:, None, None, :] + rng.normal(0, 0.05, (n, 1, 1, 3))
    img = np.broadcast_to(colour, (n, 12, 12, 3)).copy()
    stripes = np.sin(np.arange(12) * (0.6 + 0.25 * (y % 3))[:, None] + rng.uniform(0, 6, (n, 1)))
    img += 0.10 * stripes[:, :, None, None]
    img += rng.normal(0, 0.10, img.shape)
    return np.clip(img, 0, 1), y


def prepare(img):
    return torch.tensor((img - MEAN) / STD, dtype=torch.float32).permute(0, 3, 1, 2)


def prepare_catalogue(img):
    flat = img[..., ::-1]
    return torch.tensor((flat - MEAN) / STD, dtype=torch.float32).permute(0, 3, 1, 2)


def build():
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(32, len(FAMILIES)))


def main():
    torch.manual_seed(9)
    rng = np.random.default_rng(9)
    img, y = tiles(rng, 2400)
    cat_img, cat_y = tiles(rng, 800)
    loader = DataLoader(TensorDataset(prepare(img), torch.tensor(y)), batch_size=80, shuffle=True)
    x_cat, y_cat = prepare_catalogue(cat_img), torch.tensor(cat_y)
    net = build()
    opt = torch.optim.SGD(net.parameters(), lr=0.08, momentum=0.9, nesterov=True, weight_decay=5e-4)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
    crit = nn.CrossEntropyLoss()
    for epoch in range(12):
        net.train()
        losses = []
        for xb, yb in loader:
            opt.zero_grad()
            loss = crit(net(xb), yb)
            loss.backward()
            opt.step()
            losses.append(loss.item())
        sched.step()
        net.eval()
        with torch.no_grad():
            pred = net(x_cat).argmax(1)
        print(f"epoch {epoch + 1} loss {np.mean(losses):.3f} catalogue acc {(pred == y_cat).float().mean().item():.3f}")


if __name__ == "__main__":
    main()
