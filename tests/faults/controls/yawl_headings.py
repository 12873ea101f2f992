"""Given wind and tide, on which heading does a yawl leave the bay? Two tacks are possible, so a mixture density net is used."""
import math
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(23)
rng = np.random.default_rng(23)


def log_gauss(y, m, s):
    return -0.5 * ((y - m) / s) ** 2 - np.log(s) - 0.5 * math.log(2 * math.pi)


def law(w, t):
    m1 = 0.7 + 0.35 * np.sin(2.5 * w)
    m2 = -0.6 + 0.3 * t
    s1 = 0.07 + 0.03 * np.abs(t)
    s2 = 0.09 + 0.02 * w ** 2
    p = 1 / (1 + np.exp(-2.0 * w - 0.6 * t))
    return p, m1, s1, m2, s2


def leavings(n):
    w, t = rng.uniform(-1.5, 1.5, (2, n))
    p, m1, s1, m2, s2 = law(w, t)
    y = np.where(rng.random(n) < p, rng.normal(m1, s1), rng.normal(m2, s2))
    bayes = -np.logaddexp(np.log(p) + log_gauss(y, m1, s1), np.log1p(-p) + log_gauss(y, m2, s2))
    return torch.tensor(np.stack([w, t], 1), dtype=torch.float32), torch.tensor(y, dtype=torch.float32), bayes.mean()


class MDN(nn.Module):
    def __init__(self, hidden=48, k=3):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.pi = nn.Linear(hidden, k)
        self.mean = nn.Linear(hidden, k)
        self.scale = nn.Linear(hidden, k)
        with torch.no_grad():
            self.mean.bias.copy_(torch.linspace(-1, 1, k))

    def forward(self, x):
        h = self.trunk(x)
        return F.log_softmax(self.pi(h), 1), self.mean(h), F.softplus(self.scale(h)) + 0.02


def nll(parts, y):
    logpi, m, s = parts
    comp = torch.distributions.Normal(m, s).log_prob(y[:, None])
    return -torch.logsumexp(logpi + comp, 1).mean()


class Average:
    """moving average of the weights, used for evaluation"""

    def __init__(self, net, decay):
        self.decay, self.net = decay, MDN()
        self.net.load_state_dict(net.state_dict())

    def update(self, net):
        with torch.no_grad():
            for a, b in zip(self.net.parameters(), net.parameters()):
                a.mul_(self.decay).add_(b, alpha=1 - self.decay)


x, y, _ = leavings(20000)
xv, yv, floor = leavings(4000)
net = MDN()
ema = Average(net, 0.99)
lr, steps = 4e-3, 2000
opt = torch.optim.Adam(net.parameters(), lr=lr)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, steps, eta_min=1e-5)
acc = 0.0
for step in range(1, steps + 1):
    i = torch.randint(0, len(x), (256,))
    loss = nll(net(x[i]), y[i])
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    opt.step()
    sched.step()
    ema.update(net)
    acc += loss.item()
    if step % 200 == 0:
        with torch.no_grad():
            print(f"step {step:4d}  nll {acc / 200:+.4f}  val nll {nll(net(xv), yv).item():+.4f}  averaged weights {nll(ema.net(xv), yv).item():+.4f}")
        acc = 0.0
with torch.no_grad():
    final = nll(ema.net(xv), yv).item()
print(f"floor of the invented law {floor:+.4f}")
print(f"final val nll {final:.4f}, above the floor by {final - floor:.4f}")
