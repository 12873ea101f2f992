"""Weekly mackerel landings at small harbours from weather, price and fleet figures."""
import numpy as np
import torch
from torch import nn


class Landings:
    """Rows of weekly figures; half of the columns say little about the catch."""

    def __init__(self, weeks, seed):
        rng = np.random.default_rng(seed)
        mix = np.random.default_rng(4).normal(0, 0.4, (16, 16)) + np.eye(16)
        self.x = rng.normal(0, 1, (weeks, 16)) @ mix
        wind, temp, boats, price, fuel, moon = (self.x[:, i] for i in range(6))
        catch = 1.0 * boats + 0.6 * np.tanh(temp) - 0.7 * np.maximum(wind, 0) + 0.4 * price - 0.3 * fuel + 0.2 * moon
        self.y = 40 + 12 * (catch + 1.8 * rng.normal(0, 1, weeks))


class Net(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.hidden = nn.Linear(16, hidden)
        self.deeper = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        x = torch.relu(self.hidden(x))
        return self.out(torch.relu(self.deeper(x))).squeeze(-1)


HIDDEN = 128
EPOCHS = 100
YEARS = 12

torch.manual_seed(33)
past, later = Landings(52 * YEARS, seed=331), Landings(800, seed=332)
x_mean, x_std, y_mean, y_std = past.x.mean(0), past.x.std(0), past.y.mean(), past.y.std()
x = torch.tensor((past.x - x_mean) / x_std, dtype=torch.float32)
y = torch.tensor((past.y - y_mean) / y_std, dtype=torch.float32)
x_later = torch.tensor((later.x - x_mean) / x_std, dtype=torch.float32)
y_later = torch.tensor((later.y - y_mean) / y_std, dtype=torch.float32)

net = Net(HIDDEN)
optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-2)
loss_fn = nn.MSELoss()
for epoch in range(1, EPOCHS + 1):
    net.train()
    total = 0.0
    for rows in torch.randperm(len(x)).split(32):
        loss = loss_fn(net(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    if epoch % max(1, EPOCHS // 12) == 0:
        net.eval()
        with torch.no_grad():
            later_loss = loss_fn(net(x_later), y_later).item()
        print(f"epoch {epoch:3d}   past weeks {total / len(x):.4f}   later weeks {later_loss:.4f}")

net.eval()
with torch.no_grad():
    tonnes = net(x_later) * y_std + y_mean
truth = torch.tensor(later.y, dtype=torch.float32)
rmse = ((tonnes - truth) ** 2).mean().sqrt().item()
print(f"spread of later weeks {truth.std().item():.2f} t")
print(f"landings RMSE: {rmse:.3f}")
