"""Reptile: learn an initialisation from which a sine wave is fitted in a few steps."""
import argparse
import copy
import math
import random

import torch
from torch import nn


class SineTask:
    def __init__(self):
        self.amplitude = random.uniform(0.6, 2.2)
        self.phase = random.uniform(0, math.pi)

    def sample(self, n):
        x = torch.rand(n, 1) * 6 - 3
        return x / 1.73, self.amplitude * torch.sin(x + self.phase)


def make_net():
    return nn.Sequential(nn.Linear(1, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 1))


def adapt(net, x, y, steps, lr, batch=10):
    opt = torch.optim.SGD(net.parameters(), lr=lr)
    for _ in range(steps):
        idx = torch.randperm(len(x))[:batch]
        loss = nn.functional.mse_loss(net(x[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    return loss.item()


def few_shot_error(meta, tasks, steps, lr):
    total = 0.0
    for task, (xs, ys), (xq, yq) in tasks:
        learner = copy.deepcopy(meta)
        adapt(learner, xs, ys, steps, lr)
        with torch.no_grad():
            total += nn.functional.mse_loss(learner(xq), yq).item()
    return total / len(tasks)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--iterations", type=int, default=700)
    ap.add_argument("--inner-steps", type=int, default=8)
    ap.add_argument("--inner-lr", type=float, default=0.06)
    ap.add_argument("--meta-lr", type=float, default=0.5)
    args = ap.parse_args()
    random.seed(1)
    torch.manual_seed(1)
    meta = make_net()
    tasks = [(t, t.sample(10), t.sample(100)) for t in (SineTask() for _ in range(25))]
    print(f"before: {few_shot_error(meta, tasks, 16, args.inner_lr):.4f}")
    for it in range(1, args.iterations + 1):
        learner = copy.deepcopy(meta)
        x, y = SineTask().sample(30)
        adapt(learner, x, y, args.inner_steps, args.inner_lr)
        rate = args.meta_lr * (1 - it / args.iterations)
        with torch.no_grad():
            for p, q in zip(meta.parameters(), learner.parameters()):
                p.add_(q - p, alpha=rate)
        if it % 100 == 0:
            print(f"iteration {it}: error after 16 steps on 10 points {few_shot_error(meta, tasks, 16, args.inner_lr):.4f}")
    print(f"few-shot error {few_shot_error(meta, tasks, 16, args.inner_lr):.4f}")


if __name__ == "__main__":
    main()
