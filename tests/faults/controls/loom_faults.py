"""Time between loom stops, given yarn and speed: a mixture density network, the log-likelihood is *maximised*.
Five-fold cross-validation with an own sign-momentum optimiser. Stops are mostly chance, so the gain over the
unconditional density is bounded; the truth's own log-likelihood is printed beside it."""
import math
import torch
from torch import nn


class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr, betas=(0.9, 0.98), decay=0.0, maximize=False):
        super().__init__(params, dict(lr=lr, betas=betas, decay=decay, maximize=maximize))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                g = -p.grad if group["maximize"] else p.grad
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                p.mul_(1 - group["lr"] * group["decay"]).sub_((b1 * m + (1 - b1) * g).sign(), alpha=group["lr"])
                m.lerp_(g, 1 - b2)


def truth(x):
    weak = torch.sigmoid(2 * x[:, 0] - 1.5 * x[:, 1] * x[:, 2])
    short = -0.5 + 0.5 * torch.tanh(x[:, 1])
    long = 1.5 + 0.4 * x[:, 2] - 0.3 * x[:, 0].abs()
    weights = torch.stack([weak, 1 - weak], 1).clamp(1e-4, 1)
    return weights.log(), torch.stack([short, long], 1), torch.tensor([0.7, 0.4]).log().expand(len(x), 2)


def log_density(log_w, mean, log_sd, t):
    z = (t[:, None] - mean) / log_sd.exp()
    return torch.logsumexp(log_w - 0.5 * z ** 2 - log_sd - 0.5 * math.log(2 * math.pi), 1)


class Mixture(nn.Module):
    def __init__(self, parts=2, width=32):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 3 * parts))
        with torch.no_grad():
            self.body[-1].bias[parts:2 * parts] = torch.linspace(-1, 2, parts)

    def forward(self, x):
        w, mean, log_sd = self.body(x).chunk(3, 1)
        return w.log_softmax(1), mean, log_sd.clamp(-4, 3)


def one_fold(x, t, fit, held, epochs=14, size=128, lr=1.5e-3):
    net = Mixture()
    opt = Lion(net.parameters(), lr=lr, decay=0.01, maximize=True)
    total, done = epochs * math.ceil(len(fit) / size), 0
    for _ in range(epochs):
        for rows in fit[torch.randperm(len(fit))].split(size):
            for group in opt.param_groups:
                group["lr"] = lr * (1 - done / total) + 1e-5
            gain = log_density(*net(x[rows]), t[rows]).mean()
            net.zero_grad()
            gain.backward()
            opt.step()
            done += 1
    with torch.no_grad():
        return log_density(*net(x[fit]), t[fit]).mean().item(), log_density(*net(x[held]), t[held]).mean().item()


def main():
    torch.manual_seed(19)
    x = torch.randn(6000, 3)
    log_w, mean, log_sd = truth(x)
    part = torch.distributions.Categorical(logits=log_w).sample()[:, None]
    t = (mean.gather(1, part) + log_sd.exp().gather(1, part) * torch.randn(len(x), 1)).squeeze(1)
    folds = torch.randperm(len(x)).chunk(5)
    scores = []
    for k, held in enumerate(folds):
        fit = torch.cat([f for j, f in enumerate(folds) if j != k])
        inside, outside = one_fold(x, t, fit, held)
        best = log_density(*(p[held] for p in (log_w, mean, log_sd)), t[held]).mean().item()
        scores.append(outside)
        print(f"fold {k}: log-likelihood fit {inside:+.4f}  held out {outside:+.4f}  (truth {best:+.4f})")
    blind = -0.5 * math.log(2 * math.pi * math.e * t.var().item())
    print(f"one Gaussian for all: {blind:+.4f}")
    print(f"cross-validated log-likelihood {sum(scores) / len(scores):+.4f}")


main()
