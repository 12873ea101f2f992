"""Reading gas-meter dials with a very small vision transformer (8x8 crops, 2x2 patches)."""
import argparse
import math

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--dim", type=int, default=32)
    p.add_argument("--heads", type=int, default=4)
    p.add_argument("--depth", type=int, default=2)
    p.add_argument("--epochs", type=int, default=16)
    p.add_argument("--batch", type=int, default=48)
    p.add_argument("--lr", type=float, default=5e-2)
    p.add_argument("--seed", type=int, default=3)
    return p.parse_args()


class Patchify(nn.Module):
    def __init__(self, side, patch, dim):
        super().__init__()
        self.proj = nn.Conv2d(1, dim, patch, stride=patch)
        n = (side // patch) ** 2
        self.place = nn.Parameter(0.5 * torch.randn(1, n, dim))

    def forward(self, x):
        tok = self.proj(x).flatten(2).transpose(1, 2)
        return tok + self.place


class DialReader(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.patches = Patchify(8, 2, args.dim)
        layer = nn.TransformerEncoderLayer(args.dim, args.heads, 2 * args.dim, dropout=0.05,
                                           activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, args.depth)
        self.out = nn.Linear(args.dim, 10)

    def forward(self, x):
        return self.out(self.encoder(self.patches(x)).mean(1))


def jitter(x, gen):
    """tiny brightness change, as with a hand-held torch"""
    return x * (1 + 0.1 * torch.randn(len(x), 1, 1, 1, generator=gen))


@torch.no_grad()
def score(model, x, y):
    model.eval()
    logits = model(x)
    return nn.functional.cross_entropy(logits, y).item(), (logits.argmax(1) == y).float().mean().item()


def main():
    args = get_args()
    torch.manual_seed(args.seed)
    gen = torch.Generator().manual_seed(args.seed)
    data = load_digits()
    x = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1)
    x = (x - x.mean()) / x.std()
    y = torch.tensor(data.target)
    tr, te = train_test_split(torch.arange(len(y)), test_size=0.25, stratify=y, random_state=0)

    model = DialReader(args)
    optimiser = torch.optim.Adam(model.parameters(), lr=args.lr, betas=(0.9, 0.98))
    n_steps = args.epochs * math.ceil(len(tr) / args.batch)

    def ramp(step):
        warm = min(1.0, (step + 1) / 60)
        return warm * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * step / n_steps)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, ramp)
    print(f"{sum(p.numel() for p in model.parameters())} weights, {n_steps} steps")
    for epoch in range(1, args.epochs + 1):
        model.train()
        running = 0.0
        for idx in tr[torch.randperm(len(tr), generator=gen)].split(args.batch):
            loss = nn.functional.cross_entropy(model(jitter(x[idx], gen)), y[idx])
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            running += loss.item() * len(idx)
        if epoch % 3 == 1 or epoch == args.epochs:
            val_loss, acc = score(model, x[te], y[te])
            print(f"epoch {epoch:3d}  train_ce={running / len(tr):.4f}  val_ce={val_loss:.4f}  val_acc={acc:.4f}")
    print(f"dial accuracy: {score(model, x[te], y[te])[1]:.4f}")


if __name__ == "__main__":
    main()
