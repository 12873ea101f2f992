import math
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(55)


class MixtureDensity(nn.Module):
    """p(angle | reach) as a mixture of Gaussians: several angles give the same reach."""

    def __init__(self, k=6, hidden=40):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(1, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.pi, self.mu, self.log_sigma = (nn.Linear(hidden, k) for _ in range(3))
        with torch.no_grad():
            self.mu.bias.copy_(torch.linspace(-1.5, 1.5, k))

    def forward(self, x):
        h = self.body(x)
        return F.log_softmax(self.pi(h), 1), self.mu(h), self.log_sigma(h).clamp(-5, 2)


def nll(params, y):
    log_pi, mu, log_sigma = params
    z = (y - mu) / log_sigma.exp()
    log_p = -0.5 * z ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)
    return -torch.logsumexp(log_pi + log_p, 1).mean()


def sample(n):
    angle = torch.rand(n, 1) * 2 - 1
    reach = angle + 0.35 * torch.sin(2 * math.pi * angle) + 0.05 * torch.randn(n, 1)
    return reach / 0.5, angle / 0.577


x, y = sample(3000)
xv, yv = sample(1000)
loader = DataLoader(TensorDataset(x, y), batch_size=100, shuffle=True)
net = MixtureDensity()
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, epochs=50, steps_per_epoch=len(loader))

for epoch in range(50):
    net.train()
    total = 0.0
    for xb, yb in loader:
        loss = nll(net(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        scheduler.step()
        total += loss.item()
    net.eval()
    with torch.no_grad():
        val = nll(net(xv), yv).item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1:2d}  train nll {total / len(loader):+.4f}  val nll {val:+.4f}")
