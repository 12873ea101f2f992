"""Weight gain of calves from 12 markers and three pen readings.  Twins differ a lot: most of the gain is luck."""
import numpy as np
import torch
import torch.nn as nn


def herd(n, rng):
    genes = rng.binomial(2, 0.35, (n, 12)).astype(float)
    pen = rng.normal(0, 1, (n, 3))
    signal = 0.30 * genes[:, 0] - 0.25 * genes[:, 3] + 0.2 * genes[:, 5] + 0.25 * pen[:, 0] - 0.12 * pen[:, 1] ** 2
    signal = signal - signal.mean()
    gain = signal + rng.standard_t(5, n) * 0.95
    x = np.concatenate([(genes - 0.7) / 0.67, pen], 1)
    return x, gain, signal


def main(n_train=24000, n_test=8000, updates=900, batch=256):
    rng = np.random.default_rng(58)
    torch.manual_seed(58)
    x, gain, signal = herd(n_train + n_test, rng)
    mu, sd = gain[:n_train].mean(), gain[:n_train].std()
    x = torch.tensor(x, dtype=torch.float32)
    y = torch.tensor((gain - mu) / sd, dtype=torch.float32)
    xt, yt, xs, ys = x[:n_train], y[:n_train], x[n_train:], y[n_train:]
    known = 1 - ((gain - signal)[n_train:].var() / gain[n_train:].var())
    print(f"variance shared by full twins (nothing can explain more): {known:.4f}")

    net = nn.Sequential(nn.Linear(15, 24), nn.SiLU(), nn.Linear(24, 1))
    opt = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=1e-3)
    sched = torch.optim.lr_scheduler.LinearLR(opt, start_factor=1.0, end_factor=0.01, total_iters=updates)
    pool = torch.randperm(n_train)
    at, run = 0, 0.0
    for k in range(1, updates + 1):
        if at + batch > n_train:
            pool, at = torch.randperm(n_train), 0
        sel = pool[at:at + batch]
        at += batch
        loss = nn.functional.mse_loss(net(xt[sel]).squeeze(-1), yt[sel])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        run += loss.item()
        if k % 100 == 0:
            with torch.no_grad():
                e = nn.functional.mse_loss(net(xs).squeeze(-1), ys).item()
            r2 = 1 - e / ys.var().item()
            print(f"{k:4d} updates: mse {run / 100:.4f} on the farm, {e:.4f} on the test farm, R2 {r2:.4f}")
            run = 0.0
    with torch.no_grad():
        guess = net(xs).squeeze(-1)
    ranked = guess.argsort()
    print("calves in fifths by predicted gain: predicted / real mean gain (kg over the herd)")
    for fifth in ranked.chunk(5):
        print(f"   {guess[fifth].mean().item() * sd:+.2f} / {ys[fifth].mean().item() * sd:+.2f}")
    print(f"R2 on the test farm: {r2:.4f} of at most {known:.3f}")


main()
