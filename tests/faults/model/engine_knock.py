"""Classify cylinder-pressure traces by knock type."""
from dataclasses import dataclass
import math
import torch
from torch import nn


@dataclass
class Config:
    n_train: int = 2500
    n_val: int = 400
    length: int = 64
    channels: int = 16
    depth: int = 5
    lr: float = 0.03
    epochs: int = 12
    batch: int = 50
    seed: int = 21


def traces(n, length):
    t = torch.arange(length) / length
    kind = torch.randint(0, 4, (n,))
    peak = 0.3 + 0.3 * torch.rand(n, 1)
    base = torch.exp(-((t - peak) / 0.15) ** 2)
    freq = torch.tensor([0.0, 8.0, 13.0, 19.0])[kind].unsqueeze(1)
    ring = torch.sin(2 * math.pi * freq * (t - peak)) * torch.exp(-6 * (t - peak).clamp(min=0)) * (t > peak)
    x = base + 0.5 * ring + 0.15 * torch.randn(n, length)
    return ((x - 0.27) / 0.42).unsqueeze(1), kind


class KnockNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        layers, c = [], 1
        for d in range(cfg.depth):
            layers += [nn.Conv1d(c, cfg.channels, 5, padding=2), nn.Sigmoid()]
            c = cfg.channels
            if d in (1, 3):
                layers.append(nn.MaxPool1d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(c, 4)
        for m in self.features:
            if isinstance(m, nn.Conv1d):
                nn.init.kaiming_normal_(m.weight)
                nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.classifier(self.features(x).amax(-1))


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        out = model(x)
        return nn.functional.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


def fit(cfg):
    torch.manual_seed(cfg.seed)
    x, y = traces(cfg.n_train, cfg.length)
    xv, yv = traces(cfg.n_val, cfg.length)
    model = KnockNet(cfg)
    opt = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=0.9, nesterov=True)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs)
    for epoch in range(cfg.epochs):
        model.train()
        for idx in torch.randperm(len(x)).split(cfg.batch):
            loss = nn.functional.cross_entropy(model(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
        sched.step()
        tl, ta = evaluate(model, x, y)
        vl, va = evaluate(model, xv, yv)
        print(f"epoch {epoch:2d}: train {tl:.4f}/{ta:.3f}  val {vl:.4f}/{va:.3f}")
    print(f"validation accuracy {va:.4f}")


fit(Config())
