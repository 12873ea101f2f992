"""Visitors per hour at museum doors: negative binomial regression with an exposure offset."""
import argparse
import math

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

ap = argparse.ArgumentParser()
ap.add_argument("--epochs", type=int, default=12)
ap.add_argument("--lr", type=float, default=4e-3)
ap.add_argument("--batch", type=int, default=80)
args = ap.parse_args()
torch.manual_seed(44)


def doors(n):
    x = torch.randn(n, 7)
    hours = 1 + 7 * torch.rand(n)
    log_rate = 1.6 + 0.8 * torch.sin(1.5 * x[:, 0]) + 0.5 * x[:, 1] - 0.3 * x[:, 2] ** 2 + 0.3 * x[:, 3] * x[:, 4]
    gamma = torch.distributions.Gamma(2.5, 2.5).sample((n,))
    return x, hours, torch.poisson(hours * log_rate.exp() * gamma)


class RateNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(7, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU())
        self.log_rate = nn.Linear(32, 1)
        self.log_size = nn.Parameter(torch.zeros(()))

    def forward(self, x, hours):
        return (self.log_rate(self.trunk(x)).squeeze(1) + hours.log()).exp()


def nb_nll(mu, log_size, k):
    r = log_size.exp()
    ll = torch.lgamma(k + r) - torch.lgamma(r) - torch.lgamma(k + 1)
    ll = ll + r * (r / (r + mu)).log() + k * (mu / (r + mu)).log()
    return -ll.mean()


train = doors(3000)
test = doors(1000)
loader = DataLoader(TensorDataset(*train), batch_size=args.batch, shuffle=True)
net = RateNet()
nn.init.constant_(net.log_rate.bias, math.log(train[2].sum() / train[1].sum()))
opt = torch.optim.Adam(net.parameters(), lr=args.lr)
for epoch in range(args.epochs):
    total = 0.0
    for x, hours, k in loader:
        loss = nb_nll(net(x, hours), net.log_size, k)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(k)
    with torch.no_grad():
        mu = net(test[0], test[1])
        nll = nb_nll(mu, net.log_size, test[2]).item()
        mae = (mu - test[2]).abs().mean().item()
    print(f"epoch {epoch + 1:2d}  train nll {total / len(train[2]):.4f}  test nll {nll:.4f}  mae {mae:.3f}  "
          f"size {net.log_size.exp().item():.3f}")
print(f"test nll per door {nll:.4f}")
