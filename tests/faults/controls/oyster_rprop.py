"""Oyster meat weight from shell measurements.  Small table, so the whole of it goes through at every step (Rprop)."""
import torch
import torch.nn as nn


def shells(n, gen):
    size = torch.randn(n, 1, generator=gen)
    x = torch.cat([size + 0.4 * torch.randn(n, 3, generator=gen), torch.randn(n, 3, generator=gen)], dim=1)
    y = 0.8 * x[:, 0] + 0.5 * x[:, 1] * x[:, 3] - 0.4 * torch.relu(x[:, 4]) + 0.3 * x[:, 5] + 0.4 * torch.randn(n, generator=gen)
    return x, y


torch.manual_seed(77)
gen = torch.Generator().manual_seed(770)
x, y = shells(2400, gen)
mu, sd = x[:1600].mean(0), x[:1600].std(0)
x = (x - mu) / sd
y = (y - y[:1600].mean()) / y[:1600].std()
x_fit, y_fit, x_val, y_val = x[:1600], y[:1600], x[1600:], y[1600:]

net = nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 1), nn.Flatten(0))
opt = torch.optim.Rprop(net.parameters(), lr=1e-3, etas=(0.5, 1.2), step_sizes=(1e-6, 0.1))
criterion = nn.MSELoss()
for it in range(1, 501):
    net.train()
    opt.zero_grad()
    loss = criterion(net(x_fit), y_fit)
    loss.backward()
    opt.step()
    if it % 50 == 0:
        net.eval()
        with torch.no_grad():
            val = criterion(net(x_val), y_val).item()
        print(f"iteration {it:4d}  fit {loss.item():.4f}  validation {val:.4f}")
print(f"validation R2: {1 - val / y_val.var().item():.4f}")
