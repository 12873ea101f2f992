import math
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    classes: int = 6
    steps: int = 20
    width: int = 32
    heads: int = 4
    layers: int = 1
    batch: int = 50
    epochs: int = 6
    max_lr: float = 4e-5
    weight_decay: float = 0.01
    seed: int = 21


def fly(cfg, n, gen):
    """Homing flights: each route family has its own turning habit; wind and noise on top."""
    family = torch.randint(0, cfg.classes, (n,), generator=gen)
    t = torch.linspace(0, 1, cfg.steps).expand(n, -1)
    start = 0.7 * torch.randn(n, 1, generator=gen)
    when = 0.25 + 0.5 * torch.rand(n, 1, generator=gen)
    turn = torch.zeros(n, cfg.steps)
    after = (t > when).float()
    shapes = [
        after * 1.6,
        -after * 1.6,
        1.2 * torch.sin(4 * math.pi * t),
        2.5 * t,
        -2.5 * t,
        1.2 * torch.sin(8 * math.pi * t),
    ]
    for k, shape in enumerate(shapes):
        turn = torch.where((family == k).unsqueeze(1), shape, turn)
    heading = start + turn + 0.35 * torch.randn(n, cfg.steps, generator=gen)
    speed = 1 + 0.2 * torch.randn(n, cfg.steps, generator=gen)
    return torch.stack([heading.cos(), heading.sin(), (speed - 1) / 0.2], dim=2), family


class RouteTransformer(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.embed = nn.Linear(3, cfg.width)
        self.place = nn.Parameter(0.1 * torch.randn(1, cfg.steps, cfg.width))
        layer = nn.TransformerEncoderLayer(
            cfg.width, cfg.heads, 2 * cfg.width, dropout=0.0, activation="gelu",
            batch_first=True, norm_first=True,
        )
        self.encoder = nn.TransformerEncoder(layer, cfg.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(cfg.width)
        self.head = nn.Linear(cfg.width, cfg.classes)

    def forward(self, x):
        h = self.encoder(self.embed(x) + self.place)
        return self.head(self.norm(h).mean(dim=1))


class Trainer:
    def __init__(self, cfg, train, test):
        self.cfg, self.train_set, self.test_set = cfg, train, test
        self.model = RouteTransformer(cfg)
        self.steps_per_epoch = math.ceil(len(train[1]) / cfg.batch)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=cfg.max_lr, weight_decay=cfg.weight_decay)
        self.scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, max_lr=cfg.max_lr, total_steps=cfg.epochs * self.steps_per_epoch)

    def epoch(self):
        self.model.train()
        x, y = self.train_set
        total = 0.0
        for idx in torch.randperm(len(y)).split(self.cfg.batch):
            loss = F.cross_entropy(self.model(x[idx]), y[idx])
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
            self.optimizer.step()
            self.scheduler.step()
            total += loss.item() * len(idx)
        return total / len(y)

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        x, y = self.test_set
        logits = torch.cat([self.model(part) for part in x.split(500)])
        return F.cross_entropy(logits, y).item(), (logits.argmax(1) == y).float().mean().item()

    def fit(self):
        for e in range(self.cfg.epochs):
            train = self.epoch()
            loss, acc = self.evaluate()
            print(f"epoch {e + 1}: train loss {train:.4f}, test loss {loss:.4f}, test acc {acc:.4f}")
        print(f"route accuracy = {acc:.4f}")


if __name__ == "__main__":
    cfg = Config()
    torch.manual_seed(cfg.seed)
    gen = torch.Generator().manual_seed(cfg.seed + 1)
    Trainer(cfg, fly(cfg, 3000, gen), fly(cfg, 1000, gen)).fit()
