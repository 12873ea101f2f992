"""Remaining life of bearings: Weibull regression with right-censored observations."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class WeibullNet(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_features, 32), nn.Tanh(), nn.Linear(32, 2), nn.Softplus())

    def forward(self, x):
        scale, shape = self.body(x).unbind(1)
        return scale + 1e-3, shape + 1e-2


def neg_log_likelihood(scale, shape, time, failed):
    z = (time / scale).clamp_min(1e-6)
    log_hazard = shape.log() - scale.log() + (shape - 1) * z.log()
    return -(failed * log_hazard - z ** shape).mean()


def concordance(scale, time, failed, n_pairs=20000, seed=0):
    g = np.random.default_rng(seed)
    i, j = g.integers(0, len(time), (2, n_pairs))
    usable = (time[i] < time[j]) & (failed[i] > 0)
    return (scale[i] < scale[j])[usable].mean()


def bearings(n, g):
    x = g.normal(size=(n, 5))
    log_scale = 0.5 * np.tanh(x[:, 0]) - 0.4 * x[:, 1] * (x[:, 2] > 0) + 0.2 * x[:, 3]
    life = np.exp(log_scale) * g.weibull(1.8, n)
    stop = g.uniform(0.3, 4.0, n)
    as_tensor = lambda a: torch.tensor(a, dtype=torch.float32)
    return as_tensor(x), as_tensor(np.minimum(life, stop)), as_tensor(life <= stop)


def main():
    torch.manual_seed(90)
    g = np.random.default_rng(90)
    x, time, failed = bearings(5000, g)
    x_val, time_val, failed_val = bearings(2000, g)
    model = WeibullNet(x.shape[1])
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10, gamma=0.3)
    for epoch in range(25):
        model.train()
        for idx in torch.randperm(len(x)).split(100):
            optimizer.zero_grad()
            loss = neg_log_likelihood(*model(x[idx]), time[idx], failed[idx])
            loss.backward()
            optimizer.step()
        scheduler.step()
        model.eval()
        with torch.no_grad():
            scale, shape = model(x_val)
            nll = neg_log_likelihood(scale, shape, time_val, failed_val).item()
            train_nll = neg_log_likelihood(*model(x), time, failed).item()
        if epoch % 5 == 4:
            print(f"epoch {epoch + 1:2d} nll {train_nll:+.4f} val nll {nll:+.4f} mean shape {shape.mean().item():.3f}")
    c = concordance(scale.numpy(), time_val.numpy(), failed_val.numpy())
    print(f"validation concordance {c:.4f}")


if __name__ == "__main__":
    main()
