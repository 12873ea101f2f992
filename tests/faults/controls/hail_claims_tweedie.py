import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(61)
rng = np.random.default_rng(61)
POWER = 1.5


class TweedieLoss(nn.Module):
    """Compound Poisson-gamma deviance (without its constant) for a log-link."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, log_mu, y):
        return (-y * torch.exp(log_mu * (1 - self.p)) / (1 - self.p)
                + torch.exp(log_mu * (2 - self.p)) / (2 - self.p)).mean()


def deviance(mu, y, p=POWER):
    return 2 * (y ** (2 - p) / ((1 - p) * (2 - p)) - y * mu ** (1 - p) / (1 - p) + mu ** (2 - p) / (2 - p)).mean()


def policies(n):
    x = rng.normal(size=(n, 6))
    mean = np.exp(-0.4 + 0.5 * x[:, 0] - 0.4 * np.abs(x[:, 1]) + 0.3 * x[:, 2] * (x[:, 3] > 0))
    claims = rng.poisson(mean)                                # most policies never claim
    cost = np.array([rng.gamma(1.5, 0.66, k).sum() for k in claims])
    return torch.tensor(x, dtype=torch.float32), torch.tensor(cost, dtype=torch.float32), mean


x_train, y_train, _ = policies(8000)
x_test, y_test, true_mean = policies(4000)
net = nn.Sequential(nn.Linear(6, 20), nn.Tanh(), nn.Linear(20, 1))
nn.init.zeros_(net[2].weight)
nn.init.constant_(net[2].bias, y_train.mean().log().item())
criterion = TweedieLoss(POWER)
optimizer = torch.optim.Adam(net.parameters(), lr=1.5e-2)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.8)
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=200, shuffle=True)
print(f"{(y_train == 0).float().mean():.2f} of the policies cost nothing")

for epoch in range(12):
    total = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(net(xb).squeeze(1), yb)
        loss.backward()
        optimizer.step()
        total += loss.item()
    with torch.no_grad():
        log_mu = net(x_test).squeeze(1)
        test = criterion(log_mu, y_test).item()
    print(f"epoch {epoch + 1:2d}  train {total / len(loader):.4f}  test {test:.4f}")

null = deviance(torch.full_like(y_test, y_train.mean().item()), y_test)
best = 1 - deviance(torch.tensor(true_mean, dtype=torch.float32), y_test) / null
print(f"deviance explained by the true means {best:.4f}")
print(f"deviance explained: {1 - deviance(log_mu.exp(), y_test) / null:.4f}")
