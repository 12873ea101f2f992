"""Conditional neural process on temperature profiles of mountain lakes: every task is one lake."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(28)


def lakes(n_tasks, n_points):
    depth = torch.rand(n_tasks, n_points, 1) * 2 - 1
    drop = 0.5 + torch.rand(n_tasks, 1, 1)
    mid = torch.rand(n_tasks, 1, 1) - 0.5
    base = 0.5 * torch.randn(n_tasks, 1, 1)
    temp = base - drop * torch.tanh(2 * (depth - mid)) + 0.05 * torch.randn_like(depth)
    return depth, temp


class CNP(nn.Module):
    def __init__(self, r=48):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(2, 48), nn.ReLU(), nn.Linear(48, r))
        self.decoder = nn.Sequential(nn.Linear(r + 1, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, xc, yc, xt):
        r = self.encoder(torch.cat([xc, yc], -1)).mean(1, keepdim=True)
        out = self.decoder(torch.cat([r.expand(-1, xt.shape[1], -1), xt], -1))
        mu, raw = out.chunk(2, -1)
        return mu, 0.03 + 0.97 * F.softplus(raw)


def nll(mu, sigma, y):
    return -torch.distributions.Normal(mu, sigma).log_prob(y).mean()


model = CNP()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
total_steps = 1000
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=6e-3, total_steps=total_steps)
val_x, val_y = lakes(300, 30)

for step in range(1, total_steps + 1):
    x, y = lakes(32, 30)
    k = int(torch.randint(3, 15, ()))
    mu, sigma = model(x[:, :k], y[:, :k], x)
    loss = nll(mu, sigma, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if step % 100 == 0:
        with torch.no_grad():
            mu, sigma = model(val_x[:, :10], val_y[:, :10], val_x[:, 10:])
            val, mse = nll(mu, sigma, val_y[:, 10:]).item(), F.mse_loss(mu, val_y[:, 10:]).item()
        print(f"step {step} task loss {loss.item():.3f} val nll {val:.3f} val mse {mse:.4f}")

print(f"validation mse with ten context points {mse:.4f}")
