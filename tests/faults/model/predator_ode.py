"""Learn the vector field of a predator-prey system by integrating a small network through each trajectory."""
import torch
import torch.nn as nn

torch.manual_seed(2)
DT, STEPS = 0.1, 60


def true_field(s):
    x, y = s[..., 0], s[..., 1]
    return torch.stack([1.1 * x - 0.8 * x * y, -0.9 * y + 0.7 * x * y], -1)


def simulate(n):
    s = 0.6 + 1.4 * torch.rand(n, 2)
    path = [s]
    for _ in range(STEPS):
        for _ in range(10):
            s = s + DT / 10 * true_field(s)
        path.append(s)
    return torch.stack(path, 1)


class Field(nn.Module):
    def __init__(self, width=40):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2))

    def forward(self, s):
        return self.net(s)


class EulerODE(nn.Module):
    def __init__(self, field, dt, steps):
        super().__init__()
        self.field, self.dt, self.steps = field, dt, steps

    def forward(self, s):
        path = [s]
        for _ in range(self.steps):
            s = s + self.field(s)
            path.append(s)
        return torch.stack(path, 1)


train, test = simulate(256), simulate(128)
mean, std = train.mean((0, 1)), train.std((0, 1))
train, test = (train - mean) / std, (test - mean) / std

model = EulerODE(Field(), DT, STEPS)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30, eta_min=1e-3)
for epoch in range(1, 31):
    total = 0.0
    for idx in torch.randperm(len(train)).split(32):
        pred = model(train[idx, 0])
        loss = (pred - train[idx]).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    schedule.step()
    if epoch % 5 == 0:
        with torch.no_grad():
            err = (model(test[:, 0]) - test).pow(2).mean().item()
        print(f"epoch {epoch:3d}  train {total / len(train):.5f}  test trajectory mse {err:.5f}")
