"""Which bearings fail first? Cox partial likelihood on vibration features from a paper mill.

Own optimiser (heavy ball with a momentum that is cycled against the rate, as in 1cycle).
"""
import math
import numpy as np
import torch


class HeavyBall(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                d = p.grad + group["weight_decay"] * p
                v = self.state[p].setdefault("velocity", torch.zeros_like(p))
                v.mul_(group["momentum"]).add_(d)
                p.add_(v, alpha=-group["lr"])


LOW, HIGH = 0.995, 0.9995


def cycle(opt, at, peak):
    """at in [0, 1]: the rate rises then falls, the momentum the other way round."""
    up = at / 0.3 if at < 0.3 else 0.5 * (1 + math.cos(math.pi * (at - 0.3) / 0.7))
    for group in opt.param_groups:
        group["lr"] = peak * (0.1 + 0.9 * up)
        group["momentum"] = HIGH - (HIGH - LOW) * up


def cox_loss(risk, time, failed):
    order = torch.argsort(time, descending=True)
    risk, failed = risk[order], failed[order]
    return -((risk - torch.logcumsumexp(risk, 0)) * failed).sum() / failed.sum()


def concordance(risk, time, failed):
    earlier = (time[:, None] < time[None]) & failed[:, None].bool()
    return ((risk[:, None] > risk[None]) & earlier).sum().item() / earlier.sum().item()


rng = np.random.default_rng(8)
torch.manual_seed(8)
N = 2400
z = rng.normal(size=(N, 8))
hazard = 1.6 * np.sin(1.5 * z[:, 0]) + 1.2 * z[:, 1] * z[:, 2] + 1.4 * np.abs(z[:, 3]) - 0.9 * z[:, 4]
life = rng.weibull(3.0, N) * np.exp(-hazard / 1.5)
inspected = rng.exponential(np.quantile(life, 0.8), N)
X = torch.tensor(z, dtype=torch.float32)
T = torch.tensor(np.minimum(life, inspected), dtype=torch.float32)
D = torch.tensor(life <= inspected).float()
fit, val = torch.arange(0, 1800), torch.arange(1800, N)

net = torch.nn.Sequential(
    torch.nn.Linear(8, 64), torch.nn.Softplus(beta=4),
    torch.nn.Linear(64, 32), torch.nn.Softplus(beta=4), torch.nn.Linear(32, 1, bias=False))
opt = HeavyBall(net.parameters(), lr=0.01, momentum=LOW, weight_decay=3e-3)
TURNS, SIZE = 40, 180
print(f"{int(D.sum())} of {N} bearings failed under observation")
done, total = 0, TURNS * (len(fit) // SIZE)
for turn in range(TURNS):
    losses = []
    for rows in fit[torch.randperm(len(fit))].split(SIZE):
        cycle(opt, done / total, peak=0.1)
        opt.zero_grad()
        loss = cox_loss(net(X[rows]).squeeze(1), T[rows], D[rows])
        loss.backward()
        opt.step()
        done += 1
        losses.append(loss.item())
    if (turn + 1) % 6 == 0:
        with torch.no_grad():
            risk = net(X[val]).squeeze(1)
        print(f"turn {turn + 1:2d}: partial nll {np.mean(losses):.3f}, val nll {cox_loss(risk, T[val], D[val]):.3f}, "
              f"val c-index {concordance(risk, T[val], D[val]):.3f}")
with torch.no_grad():
    risk = net(X[val]).squeeze(1)
print(f"c-index on unseen bearings: {concordance(risk, T[val], D[val]):.4f}")
