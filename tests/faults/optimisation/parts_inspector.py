"""Small residual net on 8x8 digits, with warm-up and linear decay of the rate."""
import argparse

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.optim.lr_scheduler import LambdaLR


def linear_schedule(optimizer, warmup_steps, training_steps):
    def factor(step):
        if step < warmup_steps:
            return (step + 1) / warmup_steps
        return max(0.0, (training_steps - step) / (training_steps - warmup_steps))
    return LambdaLR(optimizer, factor)


class Residual(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(ch, ch, 3, padding=1, bias=False), nn.BatchNorm2d(ch), nn.ReLU(),
                                  nn.Conv2d(ch, ch, 3, padding=1, bias=False), nn.BatchNorm2d(ch))

    def forward(self, x):
        return torch.relu(x + self.body(x))


def build(ch):
    return nn.Sequential(nn.Conv2d(1, ch, 3, padding=1), nn.ReLU(), Residual(ch), nn.MaxPool2d(2), Residual(ch),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(ch, 10))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=10)
    ap.add_argument("--batch", type=int, default=32)
    ap.add_argument("--lr", type=float, default=0.05)
    ap.add_argument("--warmup", type=int, default=10)
    args = ap.parse_args()
    torch.manual_seed(0)

    images, labels = load_digits(return_X_y=True)
    x = torch.tensor(images / 16.0, dtype=torch.float32).view(-1, 1, 8, 8)
    x = (x - x.mean()) / x.std()
    y = torch.tensor(labels)
    tr, te = train_test_split(range(len(y)), test_size=0.3, stratify=labels, random_state=0)
    x_tr, y_tr, x_te, y_te = x[tr], y[tr], x[te], y[te]

    model = build(16)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=5e-4)
    batches = len(x_tr) // args.batch
    scheduler = linear_schedule(optimizer, args.warmup, batches)
    for epoch in range(1, args.epochs + 1):
        model.train()
        order = torch.randperm(len(x_tr))[:batches * args.batch].view(batches, args.batch)
        losses = torch.zeros(batches)
        for i, idx in enumerate(order):
            optimizer.zero_grad()
            loss = criterion(model(x_tr[idx]), y_tr[idx])
            loss.backward()
            optimizer.step()
            scheduler.step()
            losses[i] = loss.detach()
        model.eval()
        with torch.no_grad():
            out = model(x_te)
            acc, val = (out.argmax(1) == y_te).float().mean().item(), criterion(out, y_te).item()
        print(f"epoch {epoch}: train {losses.mean():.4f} val {val:.4f} acc {acc:.4f}")
    print(f"test accuracy = {acc:.4f}")


if __name__ == "__main__":
    main()
