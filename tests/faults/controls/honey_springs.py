"""Gaussian process for spring honey yield (kg per hive) from five apiary measurements.

Hyperparameters by type-II maximum likelihood, all hives at once.  Weighing is poor (the noise is about as
large as the signal), so the beekeepers are mainly told which measurement matters.
"""
import math

import torch

torch.manual_seed(27)
torch.set_default_dtype(torch.double)


def hives(n):
    x = torch.randn(n, 5)
    signal = 1.4 * torch.sin(1.2 * x[:, 0]) + 0.7 * x[:, 1] * torch.exp(-0.3 * x[:, 1] ** 2)
    return x, signal + 1.0 * torch.randn(n), signal


class HoneyGP(torch.nn.Module):
    def __init__(self, d):
        super().__init__()
        self.log_length = torch.nn.Parameter(torch.zeros(d))
        self.log_amp = torch.nn.Parameter(torch.zeros(()))
        self.log_noise = torch.nn.Parameter(torch.zeros(()))
        self.level = torch.nn.Parameter(torch.zeros(()))

    def kernel(self, a, b):
        a, b = a / self.log_length.exp(), b / self.log_length.exp()
        sq = (a.pow(2).sum(1, keepdim=True) + b.pow(2).sum(1) - 2 * a @ b.t()).clamp_min(0)
        return torch.exp(2 * self.log_amp - 0.5 * sq)

    def factor(self, x, y):
        cov = self.kernel(x, x) + torch.exp(2 * self.log_noise) * torch.eye(len(x))
        chol = torch.linalg.cholesky(cov)
        alpha = torch.cholesky_solve((y - self.level).unsqueeze(1), chol)
        return chol, alpha

    def nlml(self, x, y):
        chol, alpha = self.factor(x, y)
        fit = 0.5 * ((y - self.level).unsqueeze(1) * alpha).sum()
        return fit + chol.diagonal().log().sum() + 0.5 * len(x) * math.log(2 * math.pi)

    @torch.no_grad()
    def predict(self, x, y, new):
        _, alpha = self.factor(x, y)
        return self.level + (self.kernel(new, x) @ alpha).squeeze(1)


def r2(p, t):
    return (1 - (p - t).pow(2).mean() / t.var()).item()


x, y, _ = hives(220)
x_new, y_new, signal_new = hives(1000)
gp = HoneyGP(5)
opt = torch.optim.LBFGS(gp.parameters(), lr=0.5, max_iter=4, history_size=10, line_search_fn="strong_wolfe")


def closure():
    opt.zero_grad()
    value = gp.nlml(x, y)
    value.backward()
    return value


for sweep in range(20):
    value = opt.step(closure)
    if sweep % 2 == 0:
        guess = gp.predict(x, y, x_new)
        print(f"sweep {sweep:2d} nlml={value.item():.3f} noise={gp.log_noise.exp().item():.3f} r2={r2(guess, y_new):.3f}")

lengths = ", ".join(f"{v:.1f}" for v in gp.log_length.exp().clamp(max=99).tolist())
print("length scales:", lengths)
print(f"best any method could do on these weighings: {r2(signal_new, y_new):.3f}")
print(f"new hives r2={r2(gp.predict(x, y, x_new), y_new):.4f}")
