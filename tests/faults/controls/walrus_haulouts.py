"""Age class of hauled-out walruses from body measurements off drone images. Small micro-batches, mixed precision."""
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Args:
    micro_batch: int = 16
    accumulate: int = 4
    epochs: int = 10
    lr: float = 4e-3
    max_norm: float = 1.0
    seed: int = 23


def measure(n, rng):
    age = rng.integers(0, 5, n)                    # calf, yearling, juvenile, cow, bull
    length = np.array([1.3, 1.8, 2.3, 2.7, 3.1])[age] + rng.normal(0, 0.13, n)
    girth = 0.8 * length + np.array([0.1, 0.0, 0.0, 0.15, 0.35])[age] + rng.normal(0, 0.12, n)
    tusk = np.array([0.0, 0.03, 0.18, 0.38, 0.55])[age] * rng.lognormal(0, 0.15, n)
    tone = np.array([0.3, 0.45, 0.6, 0.65, 0.55])[age] + rng.normal(0, 0.08, n)
    company = rng.poisson(np.array([6, 6, 4, 6, 2])[age])
    return np.column_stack([length, girth, tusk, tone, company]).astype(np.float32), age


class Trainer:
    def __init__(self, args):
        self.args = args
        torch.manual_seed(args.seed)
        rng = np.random.default_rng(args.seed)
        x, y = measure(2560, rng)
        x_test, y_test = measure(640, rng)
        mean, std = x.mean(0), x.std(0)
        as_set = lambda a, b: TensorDataset(torch.from_numpy((a - mean) / std), torch.from_numpy(b))
        self.train_loader = DataLoader(as_set(x, y), batch_size=args.micro_batch, shuffle=True, drop_last=True)
        self.test_loader = DataLoader(as_set(x_test, y_test), batch_size=320)
        self.model = nn.Sequential(nn.Linear(5, 48), nn.LayerNorm(48), nn.ReLU(), nn.Linear(48, 5))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=args.lr, weight_decay=0.01)
        steps = args.epochs * len(self.train_loader) // args.accumulate
        self.scheduler = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, args.lr, total_steps=steps)
        self.scaler = torch.amp.GradScaler("cpu", init_scale=2.0 ** 12)
        self.criterion = nn.CrossEntropyLoss()

    def train_epoch(self):
        self.model.train()
        total = 0.0
        for i, (x, y) in enumerate(self.train_loader, start=1):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = self.criterion(self.model(x), y) / self.args.accumulate
            self.scaler.scale(loss).backward()
            total += loss.item() * self.args.accumulate
            if i % self.args.accumulate == 0:
                self.scaler.unscale_(self.optimizer)
                nn.utils.clip_grad_norm_(self.model.parameters(), self.args.max_norm)
                self.scaler.step(self.optimizer)
                self.scaler.update()
                self.optimizer.zero_grad(set_to_none=True)
                self.scheduler.step()
        return total / len(self.train_loader)

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        loss, hits, n = 0.0, 0, 0
        for x, y in self.test_loader:
            out = self.model(x)
            loss += self.criterion(out, y).item() * len(y)
            hits += (out.argmax(1) == y).sum().item()
            n += len(y)
        return loss / n, hits / n


trainer = Trainer(Args())
for epoch in range(trainer.args.epochs):
    train_loss = trainer.train_epoch()
    test_loss, test_acc = trainer.evaluate()
    print(f"epoch {epoch + 1:2d}: train loss {train_loss:.4f} test loss {test_loss:.4f} test acc {test_acc:.4f}")
