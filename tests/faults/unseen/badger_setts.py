"""Night camera frames at badger setts: who came by?"""
from dataclasses import dataclass

import torch
import torch.nn as nn

torch.set_num_threads(1)


@dataclass
class Config:
    size: int = 16
    n_train: int = 1500
    n_test: int = 500
    lr: float = 3e-3
    epochs: int = 15
    batch: int = 60
    seed: int = 21


VISITORS = ("badger", "fox", "hare", "hedgehog", "nothing")


def frames(n, cfg, gen):
    """Each visitor is a texture patch with its own stripe direction, at a random place."""
    who = torch.randint(0, len(VISITORS), (n,), generator=gen)
    img = 0.8 * torch.randn(n, 1, cfg.size, cfg.size, generator=gen)
    yy, xx = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    stripes = [yy, xx, (xx + yy) / 1.4, (xx - yy) / 1.4]
    for i in range(n):
        if who[i] < 4:
            r, c = torch.randint(0, cfg.size - 8, (2,), generator=gen).tolist()
            phase = torch.rand(1, generator=gen) * 6.28
            img[i, 0, r:r + 8, c:c + 8] += 1.6 * torch.sin(stripes[who[i]] * 1.8 + phase)
    return img, who


class SettNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(24, 32), nn.ReLU(), nn.Linear(32, len(VISITORS)))
        self.features.requires_grad_(False)

    def forward(self, x):
        return self.head(self.features(x))


def run(cfg):
    torch.manual_seed(cfg.seed)
    gen = torch.Generator().manual_seed(cfg.seed)
    x, y = frames(cfg.n_train, cfg, gen)
    xt, yt = frames(cfg.n_test, cfg, gen)
    model = SettNet()
    opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    ce = nn.CrossEntropyLoss()
    for epoch in range(1, cfg.epochs + 1):
        model.train()
        total = 0.0
        for idx in torch.randperm(len(x)).split(cfg.batch):
            opt.zero_grad()
            loss = ce(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            total += loss.item() * len(idx)
        model.eval()
        with torch.no_grad():
            out = model(xt)
            acc = (out.argmax(1) == yt).float().mean()
        print(f"epoch {epoch:2d} | train loss {total / len(x):.3f} | test loss {ce(out, yt):.3f} | test acc {acc:.3f}")


run(Config())
