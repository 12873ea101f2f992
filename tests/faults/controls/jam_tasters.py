"""A jam is tasted by thirty people who each tick one of six words. Predict the shares of the words from the recipe."""
import argparse

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

WORDS = ["sweet", "tart", "bitter", "flat", "fresh", "cooked"]


def tastings(n, seed):
    rng = np.random.default_rng(seed)
    recipe = rng.normal(size=(n, 10))
    world = np.random.default_rng(1000)
    a, b = world.normal(size=(10, 16)) / np.sqrt(10), world.normal(size=(16, len(WORDS))) / 2
    liking = np.maximum(recipe @ a, 0) @ b
    p = np.exp(liking) / np.exp(liking).sum(1, keepdims=True)
    votes = np.stack([rng.multinomial(30, row) for row in p])
    return TensorDataset(torch.tensor(recipe, dtype=torch.float32), torch.tensor(votes / 30, dtype=torch.float32))


def build(hidden):
    return nn.Sequential(nn.Linear(10, hidden), nn.SiLU(), nn.Linear(hidden, len(WORDS)), nn.LogSoftmax(dim=1))


def warmup(step, first=150, total=1500):
    return min(1.0, (step + 1) / first) * max(0.05, 1 - step / total)


def run(args):
    torch.manual_seed(args.seed)
    train, test = tastings(3000, 1), tastings(600, 2)
    loader = DataLoader(train, batch_size=args.batch, shuffle=True)
    net = build(args.hidden)
    kl = nn.KLDivLoss(reduction="batchmean")
    opt = torch.optim.AdamW(net.parameters(), lr=args.lr, weight_decay=0.01)
    sched = torch.optim.lr_scheduler.LambdaLR(opt, warmup)
    xt, yt = test.tensors
    for epoch in range(args.epochs):
        net.train()
        total = 0.0
        for x, y in loader:
            loss = kl(net(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            total += loss.item() * len(x)
        net.eval()
        with torch.no_grad():
            logp = net(xt)
        top = (logp.argmax(1) == yt.argmax(1)).float().mean().item()
        print(f"epoch {epoch + 1:2d}  kl {total / len(train):.4f}  test kl {kl(logp, yt).item():.4f}  favourite word {top:.3f}")
    print(f"test divergence: {kl(logp, yt).item():.4f}")


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=25)
    p.add_argument("--batch", type=int, default=50)
    p.add_argument("--hidden", type=int, default=48)
    p.add_argument("--lr", type=float, default=6e-3)
    p.add_argument("--seed", type=int, default=0)
    run(p.parse_args())
