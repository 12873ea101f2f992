"""Bayesian network by stochastic gradient Langevin dynamics: noise goes into every step, predictions are averaged."""
import math
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_moons


class SGLD(torch.optim.Optimizer):
    def __init__(self, params, lr, n_data, prior_std=2.0, temperature=1.0):
        super().__init__(params, dict(lr=lr, n_data=n_data, prior_std=prior_std, temperature=temperature))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, n = group["lr"], group["n_data"]
            for p in group["params"]:
                drift = p.grad + p / (group["prior_std"] ** 2 * n)
                p.add_(drift, alpha=-lr)
                p.add_(torch.randn_like(p), alpha=math.sqrt(2 * lr * group["temperature"] / n))


torch.manual_seed(100)
x, y = make_moons(2400, noise=0.22, random_state=100)
x = torch.tensor((x - x.mean(0)) / x.std(0), dtype=torch.float32)
y = torch.tensor(y)
x_train, y_train, x_test, y_test = x[:1200], y[:1200], x[1200:], y[1200:]

net = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))
sampler = SGLD(net.parameters(), lr=0.3, n_data=len(x_train))
ensemble, kept = torch.zeros(len(x_test), 2), 0
for epoch in range(1, 121):
    net.train()
    running = 0.0
    batches = torch.randperm(len(x_train)).split(60)
    for idx in batches:
        sampler.zero_grad()
        loss = F.cross_entropy(net(x_train[idx]), y_train[idx])
        loss.backward()
        sampler.step()
        running += loss.item()
    if epoch > 60:
        net.eval()
        with torch.no_grad():
            ensemble += net(x_test).softmax(1)
        kept += 1
    if epoch % 20 == 0:
        print(f"epoch {epoch}  chain loss {running / len(batches):.4f}  samples kept {kept}")
posterior = ensemble / kept
nll = F.nll_loss(posterior.log(), y_test).item()
print(f"posterior predictive nll {nll:.4f}")
print(f"posterior predictive accuracy {(posterior.argmax(1) == y_test).float().mean().item():.4f}")
