"""Six-hour traffic forecast for the river bridge with a small transformer encoder."""
import argparse
import math

import torch
from torch import nn

P = argparse.ArgumentParser(description=__doc__)
P.add_argument("--history", type=int, default=24)
P.add_argument("--ahead", type=int, default=6)
P.add_argument("--dim", type=int, default=32)
P.add_argument("--steps", type=int, default=600)
P.add_argument("--batch", type=int, default=48)
P.add_argument("--peak-lr", type=float, default=0.4)
P.add_argument("--seed", type=int, default=6)


def hourly_counts(hours, seed):
    g = torch.Generator().manual_seed(seed)
    t = torch.arange(hours)
    hour, day = t % 24, (t // 24) % 7
    workday = (day < 5).float()
    bump = lambda c, w: torch.exp(-((hour - c).float() ** 2) / w)
    shape = workday * (1.6 * bump(8, 4) + 1.4 * bump(17, 6)) + (1 - workday) * 1.1 * bump(14, 16) + 0.3 * bump(12, 40)
    level, jam = torch.zeros(hours), torch.zeros(hours)
    noise = torch.randn(hours, generator=g)
    hit = torch.rand(hours, generator=g) < 0.03
    for i in range(1, hours):
        level[i] = 0.97 * level[i - 1] + 0.08 * noise[i]
        jam[i] = 1.0 if hit[i] else 0.7 * jam[i - 1]
    flow = shape * (1 + level) * (1 - 0.6 * jam) + 0.03 * torch.randn(hours, generator=g)
    clock = torch.stack([torch.sin(2 * math.pi * hour / 24), torch.cos(2 * math.pi * hour / 24), workday], 1)
    flow = (flow - flow[:4000].mean()) / flow[:4000].std()
    return torch.cat([flow[:, None], clock], 1).float()


class Forecaster(nn.Module):
    def __init__(self, history, ahead, dim):
        super().__init__()
        self.inp = nn.Linear(4, dim)
        self.pos = nn.Parameter(0.02 * torch.randn(history, dim))
        layer = nn.TransformerEncoderLayer(dim, 4, 2 * dim, dropout=0.0, batch_first=True, norm_first=True)
        self.enc = nn.TransformerEncoder(layer, 1, norm=nn.LayerNorm(dim), enable_nested_tensor=False)
        self.future = nn.Linear(history * dim, ahead)

    def forward(self, x):
        return self.future(self.enc(self.inp(x) + self.pos).flatten(1))


def windows(series, starts, history, ahead):
    idx = starts[:, None] + torch.arange(history + ahead)
    w = series[idx]
    return w[:, :history], w[:, history:, 0]


def skill(model, series, starts, args):
    model.eval()
    with torch.no_grad():
        x, y = windows(series, starts, args.history, args.ahead)
        p = model(x)
    model.train()
    return 1 - ((p - y) ** 2).mean().item() / ((y - y.mean()) ** 2).mean().item()


def main():
    args = P.parse_args()
    torch.manual_seed(args.seed)
    series = hourly_counts(9000, args.seed)
    span = args.history + args.ahead
    train_starts = torch.arange(0, 7000 - span)
    val_starts = torch.arange(7000, 9000 - span, 3)

    model = Forecaster(args.history, args.ahead, args.dim)
    opt = torch.optim.AdamW(model.parameters(), lr=args.peak_lr, weight_decay=0.01)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, args.peak_lr, total_steps=args.steps, pct_start=0.2)
    mse, avg = nn.MSELoss(), None
    for step in range(1, args.steps + 1):
        starts = train_starts[torch.randint(len(train_starts), (args.batch,))]
        x, y = windows(series, starts, args.history, args.ahead)
        loss = mse(model(x), y)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        opt.step()
        sched.step()
        avg = loss.item() if avg is None else 0.95 * avg + 0.05 * loss.item()
        if step % 60 == 0:
            print(f"step={step} lr={sched.get_last_lr()[0]:.2e} mse={avg:.4f} val_r2={skill(model, series, val_starts, args):.4f}")
    print(f"forecast r2 {skill(model, series, val_starts, args):.4f}")


if __name__ == "__main__":
    main()
