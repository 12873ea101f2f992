"""Two-hour wind forecast for a turbine park with its own uncertainty: the network gives a mean and a
spread, the loss is the Gaussian negative log likelihood (without the constant).  Updates
use the sign of the averaged gradient.
"""
import math
import torch
import torch.nn as nn


class SignStep(torch.optim.Optimizer):
    """Lion-like: step along the sign of an interpolated moving average."""

    def __init__(self, params, lr, b1=0.9, b2=0.98):
        super().__init__(params, dict(lr=lr, b1=b1, b2=b2))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                direction = (group["b1"] * m + (1 - group["b1"]) * p.grad).sign()
                p.add_(direction, alpha=-group["lr"])
                m.mul_(group["b2"]).add_(p.grad, alpha=1 - group["b2"])


class MeanSpread(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv1d(2, 24, 5), nn.SiLU(), nn.Conv1d(24, 24, 5, stride=2), nn.SiLU(), nn.Flatten())
        self.head = nn.Sequential(nn.Linear(24 * 8, 48), nn.SiLU(), nn.Linear(48, 2))

    def forward(self, x):
        mean, raw = self.head(self.conv(x)).unbind(1)
        return mean, raw.clamp(-6, 3)


def history(n, g):
    t = torch.arange(24) / 24
    base = torch.randn(n, 1, generator=g)
    swing = 0.6 * torch.sin(2 * math.pi * (t * 1.5 + torch.rand(n, 1, generator=g)))
    gust = torch.rand(n, 1, generator=g)
    speed = base + swing + 0.05 * torch.randn(n, 24, generator=g)
    pressure = 0.8 * torch.tanh(base) - gust * 2 + 1 + 0.1 * torch.randn(n, 24, generator=g)
    ahead = 0.6 * base[:, 0] + 1.2 * (speed[:, -4:].mean(1) - speed[:, -10:-4].mean(1))
    noise = 0.04 + 0.3 * gust[:, 0] ** 2
    target = ahead + noise * torch.randn(n, generator=g)
    return torch.stack([speed, pressure], 1), target


def nll(mean, log_var, y):
    return 0.5 * (log_var + (y - mean) ** 2 * torch.exp(-log_var)).mean()


def main():
    torch.manual_seed(17)
    g = torch.Generator().manual_seed(17)
    x, y = history(7000, g)
    x = (x - x[:6000].mean((0, 2), keepdim=True)) / x[:6000].std((0, 2), keepdim=True)
    y = (y - y[:6000].mean()) / y[:6000].std()
    net = MeanSpread()
    lr, epochs = 1.5e-3, 14
    opt = SignStep(net.parameters(), lr)
    for epoch in range(epochs):
        for group in opt.param_groups:
            group["lr"] = lr * (1 - epoch / epochs)
        total = 0.0
        for idx in torch.randperm(6000).split(75):
            loss = nll(*net(x[idx]), y[idx])
            net.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() / 80
        with torch.no_grad():
            mean, log_var = net(x[6000:])
            score = nll(mean, log_var, y[6000:]).item()
            inside = ((y[6000:] - mean).abs() < torch.exp(0.5 * log_var)).float().mean().item()
        print(f"{epoch + 1:>2}  train nll {total:+.3f}  test nll {score:+.3f}  within one sigma {inside:.2f}")
    print(f"test nll = {score:.4f}")


if __name__ == "__main__":
    main()
