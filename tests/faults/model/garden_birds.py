"""Which of six garden birds sings?  1-D CNN on short two-channel filterbank tracks."""
import math

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

BIRDS = ["robin", "wren", "dunnock", "blackcap", "tit", "finch"]


class Accuracy:
    """Share of hits over the batches of one pass."""

    def __init__(self, batch_size):
        self.batch_size = batch_size
        self.reset()

    def reset(self):
        self.hits, self.batches, self.songs = 0, 0, 0

    def update(self, logits, target):
        self.hits += (logits.argmax(1) == target).sum().item()
        self.batches += 1
        self.songs += target.numel()

    def compute(self):
        return self.hits / (self.batches * self.batch_size)


def sing(n, gen):
    y = torch.randint(len(BIRDS), (n,), generator=gen)
    t = torch.linspace(0, 1, 80)
    base = torch.tensor([4.0, 6.0, 5.0, 4.0, 6.0, 5.0])[y][:, None] + 0.5 * torch.randn(n, 1, generator=gen)
    glide = torch.tensor([3.0, 0.0, -3.0, -2.0, 3.0, 1.0])[y][:, None]
    trill = torch.tensor([2.0, 5.0, 3.0, 5.0, 2.0, 7.0])[y][:, None]
    phase = 2 * math.pi * torch.rand(n, 2, generator=gen)
    carrier = torch.sin(2 * math.pi * (base * t + glide * t**2) + phase[:, :1])
    beat = 0.5 + 0.5 * torch.sin(2 * math.pi * trill * t + phase[:, 1:])
    x = torch.stack([carrier * beat, beat - 0.5], 1) + 0.5 * torch.randn(n, 2, 80, generator=gen)
    return x / x.std(), y


def build():
    def stage(i, o):
        return [nn.Conv1d(i, o, 7, padding=3), nn.BatchNorm1d(o), nn.ReLU(), nn.MaxPool1d(2)]
    return nn.Sequential(*stage(2, 20), *stage(20, 32), *stage(32, 48), nn.AdaptiveAvgPool1d(1), nn.Flatten(),
                         nn.Linear(48, len(BIRDS)))


def main():
    torch.manual_seed(71)
    gen = torch.Generator().manual_seed(71)
    train_dl = DataLoader(TensorDataset(*sing(2400, gen)), batch_size=60, shuffle=True)
    val_dl = DataLoader(TensorDataset(*sing(600, gen)), batch_size=256)
    model, ce = build(), nn.CrossEntropyLoss()
    opt = torch.optim.NAdam(model.parameters(), lr=2e-3)
    plan = torch.optim.lr_scheduler.PolynomialLR(opt, total_iters=9, power=1.0)
    val_acc = Accuracy(val_dl.batch_size)

    for epoch in range(9):
        model.train()
        seen, total = 0, 0.0
        for x, y in train_dl:
            loss = ce(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            total, seen = total + loss.item() * len(y), seen + len(y)
        plan.step()

        model.eval()
        val_acc.reset()
        val_loss = 0.0
        with torch.no_grad():
            for x, y in val_dl:
                logits = model(x)
                val_loss += ce(logits, y).item() * len(y) / len(val_dl.dataset)
                val_acc.update(logits, y)
        accuracy = val_acc.compute()
        print(f"epoch {epoch + 1}  loss {total / seen:.3f}  val loss {val_loss:.3f}  val accuracy {accuracy:.4f}")
    print(f"==> {len(BIRDS)} birds, accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
