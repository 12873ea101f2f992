# Ordinal grades (0 reject .. 4 exhibition) for glazed tiles, from kiln-log readings.
# Cumulative-link network: one latent score, four ordered cut points.
import argparse

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--tiles", type=int, default=7000)
parser.add_argument("--epochs", type=int, default=16)
parser.add_argument("--batch", type=int, default=128)
parser.add_argument("--lr", type=float, default=8e-3)
parser.add_argument("--seed", type=int, default=5)
args = parser.parse_args()


def kiln_log(n, rng):
    peak = rng.normal(1230, 18, n)
    soak = rng.gamma(9, 4, n)
    cooling = rng.normal(95, 20, n)
    oxygen = rng.beta(2, 5, n)
    thickness = rng.normal(0.9, 0.2, n)
    shelf = rng.integers(0, 6, n)
    humidity = rng.uniform(30, 80, n)
    silica = rng.normal(62, 3, n)
    q = (-1.3 * np.abs((peak - 1232) / 18) + 0.7 * np.sin(soak / 9) - 0.8 * ((cooling - 90) / 20) ** 2 / 2
         - 1.2 * oxygen * (thickness > 0.9) + 0.5 * (silica - 62) / 3 * np.tanh((humidity - 55) / 10)
         - 0.12 * np.abs(shelf - 2.5))
    q = q + rng.normal(0, 0.12, n)
    x = np.column_stack([peak, soak, cooling, oxygen, thickness, shelf, humidity, silica])
    return x, q


def make_table(n, rng):
    x, q = kiln_log(n, rng)
    grade = np.digitize(q, np.quantile(q, [0.2, 0.4, 0.6, 0.8]))
    # grades come from the sorting line; tablets there sync to the log once an hour
    typed = rng.integers(0, 5, n)
    offline = rng.random(n) < 0.5
    entered = np.where(offline, typed, grade)
    return x.astype(np.float32), entered


class Cumulative(nn.Module):
    def __init__(self, d, hidden=64, grades=5):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(d, hidden), nn.GELU(),
            nn.Linear(hidden, hidden), nn.GELU(),
            nn.Linear(hidden, 1),
        )
        self.first = nn.Parameter(torch.tensor(-1.5))
        self.gaps = nn.Parameter(torch.zeros(grades - 2))

    def cuts(self):
        return torch.cat([self.first.view(1), self.first + F.softplus(self.gaps).cumsum(0)])

    def forward(self, x):                    # logits of P(grade > k), k = 0..3
        return self.net(x) - self.cuts()


def above(y):
    return (y[:, None] > torch.arange(4)[None, :]).float()


def weighted_kappa(a, b, k=5):
    seen = np.zeros((k, k))
    np.add.at(seen, (a, b), 1)
    w = (np.arange(k)[:, None] - np.arange(k)[None, :]) ** 2
    chance = np.outer(seen.sum(1), seen.sum(0)) / seen.sum()
    return 1 - (w * seen).sum() / (w * chance).sum()


def assess(model, x, y):
    model.eval()
    with torch.no_grad():
        logits = model(x)
        loss = F.binary_cross_entropy_with_logits(logits, above(y)).item()
        guess = (logits > 0).sum(1)
    return loss, (guess - y).abs().float().mean().item(), weighted_kappa(y.numpy(), guess.numpy())


def main():
    rng = np.random.default_rng(args.seed)
    torch.manual_seed(args.seed)
    x, y = make_table(args.tiles, rng)
    n_fit = int(args.tiles * 0.8)
    x = (x - x[:n_fit].mean(0)) / x[:n_fit].std(0)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    loader = DataLoader(TensorDataset(x[:n_fit], y[:n_fit]), batch_size=args.batch, shuffle=True)

    model = Cumulative(x.shape[1])
    opt = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=1e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs * len(loader))
    for epoch in range(args.epochs):
        model.train()
        total = 0.0
        for xb, yb in loader:
            opt.zero_grad()
            loss = F.binary_cross_entropy_with_logits(model(xb), above(yb))
            loss.backward()
            opt.step()
            sched.step()
            total += loss.item() * len(yb)
        val, mae, kappa = assess(model, x[n_fit:], y[n_fit:])
        print(f"epoch {epoch + 1:>2} | cum. loss {total / n_fit:.4f} | val {val:.4f} | mae {mae:.3f} | qwk {kappa:.3f}")
    print("cut points", [round(c, 2) for c in model.cuts().tolist()])
    print(f"validation kappa {kappa:.4f}")


if __name__ == "__main__":
    main()
