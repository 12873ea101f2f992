"""Are two signatures by the same hand?  Siamese network for a bank counter.

A tablet delivers pen speed and pressure over 32 time steps.  Writers in the test set never
occur in training.  The distance between two codes is turned into P(same writer).
"""
import argparse
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

T = 32
parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=700)
parser.add_argument("--pairs", type=int, default=96)
parser.add_argument("--lr", type=float, default=3e-3)
parser.add_argument("--seed", type=int, default=4)
opt = parser.parse_args()
torch.manual_seed(opt.seed)
rng = np.random.default_rng(opt.seed)


def hands(n_writers, each):
    """each writer has his own rhythm (3 frequencies, weights, pressure coupling)"""
    t = np.linspace(0, 1, T)
    freq = rng.uniform(1, 9, (n_writers, 1, 3, 1))
    weight = rng.uniform(0.2, 1.4, (n_writers, 1, 3, 1))
    couple = rng.uniform(-1, 1, (n_writers, 1, 1))
    phase = rng.uniform(0, 6.28, (n_writers, each, 3, 1))
    gain = np.exp(0.15 * rng.normal(size=(n_writers, each, 1)))
    f = freq * np.exp(0.03 * rng.normal(size=(n_writers, each, 3, 1)))
    speed = gain * (weight * np.sin(6.28 * f * t + phase)).sum(2)
    press = couple * np.abs(speed) + 0.2 * rng.normal(size=speed.shape)
    speed = speed + 0.15 * rng.normal(size=speed.shape)
    return torch.tensor(np.stack([speed, press], 2), dtype=torch.float32)


class Hand(nn.Module):
    def __init__(self, ch=32, code=24):
        super().__init__()
        self.conv1 = nn.Conv1d(2, ch, 7, padding=3)
        self.conv2 = nn.Conv1d(ch, ch, 5, padding=2)
        self.fc = nn.Linear(2 * ch, 64)
        self.code = nn.Linear(64, code)

    def forward(self, x):
        h = F.relu(self.conv1(x))
        h = F.relu(self.conv2(F.max_pool1d(h, 2)))
        h = torch.cat([h.mean(2), h.amax(2)], 1)
        return self.code(F.relu(self.fc(h)))


class Judge(nn.Module):
    def __init__(self, trunk):
        super().__init__()
        self.trunk = trunk
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.offset = nn.Parameter(torch.tensor(1.0))

    def forward(self, a, b):
        za, zb = self.trunk(torch.cat([a, b])).chunk(2)
        return self.offset - F.softplus(self.scale) * (za - zb).pow(2).mean(1)


def start(m):
    """begin as a plain smoothing filter, the training sharpens it"""
    if isinstance(m, (nn.Conv1d, nn.Linear)):
        fan = m.weight[0].numel()
        m.weight.data.fill_(1.0 / fan)
        nn.init.zeros_(m.bias)


def pairs(bank, n):
    w, k = bank.shape[:2]
    i = rng.integers(0, w, n)
    same = rng.random(n) < 0.5
    j = np.where(same, i, (i + rng.integers(1, w, n)) % w)
    p = rng.integers(0, k, n)
    q = (p + rng.integers(1, k, n)) % k
    return bank[i, p], bank[j, q], torch.tensor(same, dtype=torch.float32)


bank, strangers = hands(300, 12), hands(120, 12)
mean, std = bank.mean((0, 1, 3), keepdim=True)[0], bank.std((0, 1, 3), keepdim=True)[0]
bank, strangers = (bank - mean) / std, (strangers - mean) / std
exam = pairs(strangers, 1500)

judge = Judge(Hand())
judge.trunk.apply(start)
optim = torch.optim.RMSprop(judge.parameters(), lr=opt.lr, alpha=0.98)
linear = torch.optim.lr_scheduler.LinearLR(optim, 1.0, 0.03, total_iters=opt.steps)

seen = 0.0
for n in range(1, opt.steps + 1):
    a, b, same = pairs(bank, opt.pairs)
    loss = F.binary_cross_entropy_with_logits(judge(a, b), same)
    optim.zero_grad()
    loss.backward()
    optim.step()
    linear.step()
    seen += loss.item()
    if n % 100 == 0:
        with torch.no_grad():
            ok = ((judge(exam[0], exam[1]) > 0).float() == exam[2]).float().mean().item()
        print(f"{n:5d} bce={seen / 100:.4f} unseen-writer accuracy={100 * ok:.1f}%")
        seen = 0.0

with torch.no_grad():
    logit = judge(exam[0], exam[1])
acc = ((logit > 0).float() == exam[2]).float().mean().item()
print(f"FINAL verification accuracy {acc:.4f}")
