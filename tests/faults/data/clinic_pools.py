"""Importance weights between two patient pools.

A risk score was fitted at the county hospital; the village clinic wants it re-weighted to its own
patients.  We learn log p_village(x)/p_county(x) by telling the pools apart, and because the pools are
simulated we can compare with the exact log ratio.
"""
import argparse

import numpy as np
import torch
from torch import nn


def make_pools(n, d, seed):
    rng = np.random.default_rng(seed)
    shift = np.linspace(0.8, -0.4, d)
    width = np.linspace(0.75, 1.2, d)
    county = rng.standard_normal((n, d))
    village = rng.standard_normal((n, d)) * width + shift
    return county.astype("float32"), village.astype("float32"), shift, width


def exact_log_ratio(x, shift, width):
    lv = -0.5 * ((x - shift) / width) ** 2 - np.log(width)
    lc = -0.5 * x ** 2
    return (lv - lc).sum(1)


class RatioNet(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.lin = nn.Linear(d, 1)
        self.body = nn.Sequential(nn.Linear(d, h), nn.SiLU(), nn.Linear(h, h), nn.SiLU(), nn.Linear(h, 1))

    def forward(self, x):
        return (self.lin(x) + self.body(x)).squeeze(-1)


def pool_loss(net, c, v):
    return 0.5 * (nn.functional.softplus(net(c)).mean() + nn.functional.softplus(-net(v)).mean())


def batches(county, village, args):
    """Endless supply of (county, village) minibatches."""
    step = 0
    while True:
        rng = np.random.default_rng(args.seed)
        i = rng.choice(len(county), args.half, replace=False)
        j = rng.choice(len(village), args.half, replace=False)
        yield torch.from_numpy(county[i]), torch.from_numpy(village[j])
        step += 1


def r2(pred, true):
    return 1 - ((pred - true) ** 2).sum() / ((true - true.mean()) ** 2).sum()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--features", type=int, default=6)
    p.add_argument("--pool", type=int, default=20000)
    p.add_argument("--half", type=int, default=400)
    p.add_argument("--iters", type=int, default=850)
    p.add_argument("--hidden", type=int, default=32)
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--seed", type=int, default=3)
    args = p.parse_args()
    torch.manual_seed(args.seed)

    county, village, shift, width = make_pools(args.pool, args.features, args.seed + 100)
    cut = args.pool - 3000
    test_c, test_v = torch.from_numpy(county[cut:]), torch.from_numpy(village[cut:])
    target = exact_log_ratio(np.concatenate([county[cut:], village[cut:]]), shift, width)
    county, village = county[:cut], village[:cut]

    net = RatioNet(args.features, args.hidden)
    opt = torch.optim.AdamW(net.parameters(), lr=args.lr, weight_decay=1e-3)
    stream = batches(county, village, args)

    def score():
        with torch.no_grad():
            held = pool_loss(net, test_c, test_v).item()
            guess = torch.cat([net(test_c), net(test_v)]).numpy()
        return held, r2(guess, target)

    for it in range(args.iters):
        c, v = next(stream)
        loss = pool_loss(net, c, v)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if (it + 1) % 85 == 0:
            held, fit = score()
            print(f"iter={it + 1} train_loss={loss.item():.4f} held_loss={held:.4f} ratio_r2={fit:.3f}")
    print("final ratio_r2=%.4f" % score()[1])


if __name__ == "__main__":
    main()
