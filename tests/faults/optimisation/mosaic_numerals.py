from dataclasses import dataclass

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class TrainConfig:
    batch_size: int = 32
    epochs: int = 9
    lr: float = 3e-3
    accumulate: int = 1      # micro-batches per optimiser step
    max_norm: float = 5.0
    seed: int = 0


class NumeralNet(nn.Module):
    """Numerals laid in 8x8 tesserae."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1)
        self.conv2 = nn.Conv2d(12, 24, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(24 * 2 * 2, 10)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        x = self.pool(torch.relu(self.conv2(x)))
        return self.fc(x.flatten(1))


class Trainer:
    def __init__(self, model, cfg):
        self.model, self.cfg = model, cfg
        self.opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, cfg.epochs)
        self.loss_fn = nn.CrossEntropyLoss()
        self.micro = 0

    def training_step(self, x, y):
        loss = self.loss_fn(self.model(x), y)
        if self.cfg.accumulate > 1:
            (loss / self.cfg.accumulate).backward()
        self.micro += 1
        if self.micro % self.cfg.accumulate == 0:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.cfg.max_norm)
            self.opt.step()
            self.opt.zero_grad()
        return loss.item()

    def fit(self, train, test):
        for epoch in range(1, self.cfg.epochs + 1):
            self.model.train()
            losses = [self.training_step(x, y) for x, y in train]
            self.sched.step()
            print(f"epoch {epoch:2d} loss {sum(losses) / len(losses):.4f} val acc {self.accuracy(test):.4f}")

    @torch.no_grad()
    def accuracy(self, loader):
        self.model.eval()
        hits = n = 0
        for x, y in loader:
            hits += (self.model(x).argmax(1) == y).sum().item()
            n += len(y)
        return hits / n


def main():
    cfg = TrainConfig()
    torch.manual_seed(cfg.seed)
    bunch = load_digits()
    images = torch.tensor(bunch.images, dtype=torch.float32).unsqueeze(1) / 8 - 1
    labels = torch.tensor(bunch.target)
    xtr, xte, ytr, yte = train_test_split(images, labels, test_size=0.25, random_state=1, stratify=labels)
    train = DataLoader(TensorDataset(xtr, ytr), batch_size=cfg.batch_size, shuffle=True)
    test = DataLoader(TensorDataset(xte, yte), batch_size=256)
    trainer = Trainer(NumeralNet(), cfg)
    trainer.fit(train, test)
    print(f"accuracy on held-out numerals: {trainer.accuracy(test):.4f}")


if __name__ == "__main__":
    main()
