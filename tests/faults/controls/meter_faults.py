"""Faulty water meters (one in twenty-five) from a month's summary numbers; network and optimiser by hand."""
import math

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split

SEED = 71


def meters(n, rng):
    faulty = rng.random(n) < 0.04
    x = rng.normal(size=(n, 10))
    mode = rng.integers(0, 3, n)
    x[faulty & (mode == 0), 0:2] += 3.6
    x[faulty & (mode == 1), 2:4] -= 3.6
    stuck = faulty & (mode == 2)
    x[stuck, 4] = 0.1 * rng.normal(size=stuck.sum()) + 3.4
    x[stuck, 5] = x[stuck, 6] + 0.1 * rng.normal(size=stuck.sum())
    return x.astype(np.float32), faulty.astype(np.float32)


def init(sizes, gen):
    params = {}
    for k, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
        params[f"w{k}"] = (torch.randn(a, b, generator=gen) * math.sqrt(2 / a)).requires_grad_()
        params[f"b{k}"] = torch.zeros(b, requires_grad=True)
    return params


def predict(params, x):
    depth = len(params) // 2
    for k in range(depth):
        x = x @ params[f"w{k}"] + params[f"b{k}"]
        if k < depth - 1:
            x = F.relu(x)
    return x.squeeze(1)


class Heavyball:
    """Momentum with decoupled shrinkage of the matrices."""

    def __init__(self, params, momentum=0.9, shrink=2e-4):
        self.params, self.momentum, self.shrink = params, momentum, shrink
        self.speed = {k: torch.zeros_like(p) for k, p in params.items()}

    @torch.no_grad()
    def step(self, rate):
        for k, p in self.params.items():
            v = self.speed[k].mul_(self.momentum).add_(p.grad)
            if k.startswith("w"):
                p.mul_(1 - rate * self.shrink)
            p.sub_(rate * v)
            p.grad = None


def main():
    rng = np.random.default_rng(SEED)
    gen = torch.Generator().manual_seed(SEED)
    x, y = meters(16000, rng)
    x_fit, x_val, y_fit, y_val = train_test_split(x, y, test_size=0.25, stratify=y, random_state=SEED)
    mean, std = x_fit.mean(0), x_fit.std(0)
    x_fit, x_val = torch.from_numpy((x_fit - mean) / std), torch.from_numpy((x_val - mean) / std)
    y_fit, y_val_t = torch.from_numpy(y_fit), torch.from_numpy(y_val)
    params = init([10, 64, 32, 1], gen)
    optimiser = Heavyball(params)
    epochs, batch, top = 14, 100, 0.03
    per = len(x_fit) // batch
    for epoch in range(epochs):
        order = torch.randperm(len(x_fit), generator=gen)
        total = 0.0
        for k in range(per):
            rows = order[k * batch:(k + 1) * batch]
            loss = F.binary_cross_entropy_with_logits(predict(params, x_fit[rows]), y_fit[rows])
            loss.backward()
            done = (epoch * per + k) / (epochs * per)
            optimiser.step(top * min(1.0, 20 * done + 0.05) * (1 - done))
            total += loss.item()
        with torch.no_grad():
            logit = predict(params, x_val)
            val = F.binary_cross_entropy_with_logits(logit, y_val_t).item()
        f1 = f1_score(y_val, (logit > 0).numpy())
        print(f"{epoch + 1:>2}: bce {total / per:.4f}  val bce {val:.4f}  F1 {f1:.3f}  flagged {(logit > 0).sum().item()} of {int(y_val.sum())}")
    print(f"final F1 of the faulty class {f1:.4f}")


main()
