from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Settings:
    arms: int = 5
    per_arm: int = 600
    width: int = 3
    lr: float = 1.5e-2
    batch_size: int = 64
    epochs: int = 40
    seed: int = 0


def pinwheel(settings, rng):
    n = settings.arms * settings.per_arm
    labels = np.repeat(np.arange(settings.arms), settings.per_arm)
    feats = rng.normal(size=(n, 2)) * [0.35, 0.06]
    feats[:, 0] += 1.0
    angle = labels * 2 * np.pi / settings.arms + 1.1 * np.exp(feats[:, 0])
    c, s = np.cos(angle), np.sin(angle)
    xy = np.stack([feats[:, 0] * c - feats[:, 1] * s, feats[:, 0] * s + feats[:, 1] * c], 1)
    xy = xy / xy.std(0)
    order = rng.permutation(n)
    return torch.tensor(xy[order], dtype=torch.float32), torch.tensor(labels[order])


class PinwheelNet(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        self.hidden = nn.Linear(2, width)
        self.hidden2 = nn.Linear(width, width)
        self.out = nn.Linear(width, classes)
        self.act = nn.Tanh()

    def forward(self, x):
        return self.out(self.act(self.hidden2(self.act(self.hidden(x)))))


class Experiment:
    def __init__(self, settings):
        self.s = settings
        torch.manual_seed(settings.seed)
        x, y = pinwheel(settings, np.random.default_rng(settings.seed))
        cut = int(0.75 * len(x))
        self.train = DataLoader(TensorDataset(x[:cut], y[:cut]), batch_size=settings.batch_size, shuffle=True)
        self.test = x[cut:], y[cut:]
        self.net = PinwheelNet(settings.width, settings.arms)
        self.opt = torch.optim.Adam(self.net.parameters(), lr=settings.lr)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, T_max=settings.epochs)
        self.loss = nn.CrossEntropyLoss()

    def step(self, x, y):
        loss = self.loss(self.net(x), y)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()

    def evaluate(self):
        x, y = self.test
        with torch.no_grad():
            logits = self.net(x)
        return self.loss(logits, y).item(), (logits.argmax(1) == y).float().mean().item()

    def run(self):
        for epoch in range(self.s.epochs):
            losses = [self.step(x, y) for x, y in self.train]
            self.schedule.step()
            test_loss, acc = self.evaluate()
            if epoch % 2 == 1:
                print(f"{epoch:3d} train {np.mean(losses):.4f} test {test_loss:.4f} acc {acc:.4f}")
        print(f"test acc = {acc:.4f}")


if __name__ == "__main__":
    Experiment(Settings()).run()
