"""Dune survey: predict the dominant grass of a quadrat from soil and exposure readings."""
import numpy as np
import torch
from torch import nn

SEED = 14
EPOCHS = 60
STEPS = 12
BATCH = 32
SPECIES = 6


def survey(n, rng):
    x = rng.normal(size=(n, 10)).astype(np.float32)
    mix = np.random.default_rng(99)
    a, b = mix.normal(size=(10, 14)), mix.normal(size=(14, SPECIES))
    score = np.tanh(x @ a / 1.8) @ b + 0.5 * rng.gumbel(size=(n, SPECIES))
    return torch.from_numpy(x), torch.from_numpy(score.argmax(1))


def draw_batch(x, y, seed):
    rows = np.random.default_rng(seed).choice(len(x), BATCH, replace=False)
    rows = torch.from_numpy(rows)
    return x[rows], y[rows]


def report(net, x, y):
    net.eval()
    with torch.no_grad():
        out = net(x)
    return nn.functional.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()


def main():
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    x, y = survey(4000, rng)
    x_val, y_val = survey(1000, rng)

    net = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, SPECIES))
    opt = torch.optim.AdamW(net.parameters(), lr=6e-3, weight_decay=1e-2)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=1e-2, total_steps=EPOCHS * STEPS)

    for epoch in range(EPOCHS):
        net.train()
        total = 0.0
        for step in range(STEPS):
            xb, yb = draw_batch(x, y, SEED + step)
            loss = nn.functional.cross_entropy(net(xb), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            total += loss.item()
        if epoch % 6 == 5:
            val_loss, val_acc = report(net, x_val, y_val)
            print(f"epoch {epoch + 1:2d}: loss {total / STEPS:.3f}, val loss {val_loss:.3f}, val acc {val_acc:.3f}")
    print(f"validation accuracy {report(net, x_val, y_val)[1]:.4f}")


main()
