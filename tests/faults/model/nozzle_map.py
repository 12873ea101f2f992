import torch
from torch import nn

torch.manual_seed(37)


def bench(n):
    """Spray density as a function of pressure and angle (both scaled to [-1, 1])."""
    u = 2 * torch.rand(n, 2) - 1
    density = torch.sin(3.5 * u[:, 0]) * torch.cos(3 * u[:, 1]) + 0.8 * torch.exp(-8 * (u[:, 0] ** 2 + (u[:, 1] - 0.3) ** 2))
    density = density + 0.04 * torch.randn(n)
    return u * 1.73, (density / 0.55).unsqueeze(1)


class NozzleMap(nn.Module):
    def __init__(self, width=3):
        super().__init__()
        self.inp = nn.Linear(2, width)
        self.mid = nn.Linear(width, width)
        self.out = nn.Linear(width, 1)

    def forward(self, u):
        h = torch.tanh(self.inp(u))
        h = torch.tanh(self.mid(h))
        return self.out(h)


class EarlyStopping:
    def __init__(self, patience=8):
        self.best, self.wait, self.patience = float("inf"), 0, patience

    def __call__(self, value):
        if value < self.best * 0.99:
            self.best, self.wait = value, 0
        else:
            self.wait += 1
        return self.wait >= self.patience


x, y = bench(2000)
x_val, y_val = bench(500)
model = NozzleMap()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
loss_fn = nn.MSELoss()
stop = EarlyStopping()

for epoch in range(80):
    order = torch.randperm(len(x))
    for rows in order.split(64):
        optimizer.zero_grad()
        loss_fn(model(x[rows]), y[rows]).backward()
        optimizer.step()
    with torch.no_grad():
        train_loss = loss_fn(model(x), y).item()
        val_loss = loss_fn(model(x_val), y_val).item()
    if epoch % 5 == 0:
        print(f"epoch {epoch:3d}  train {train_loss:.4f}  val {val_loss:.4f}")
    if stop(val_loss):
        print(f"stopped at epoch {epoch}")
        break

print(f"val mse {val_loss:.4f}")
