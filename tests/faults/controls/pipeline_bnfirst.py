import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(27)
g = np.random.default_rng(27)

# pressure [Pa], flow [l/h], temperature [K], viscosity [Pa s], pipe bore [m]  ->  pump power [W]
n = 3000
pressure = g.normal(240_000, 15_000, n)
flow = g.uniform(2_000, 9_000, n)
temp = g.normal(310, 12, n)
visc = g.uniform(0.0008, 0.0031, n)
bore = g.uniform(0.04, 0.11, n)
power = 40 * (pressure / 2.4e5) * flow / (1 + 0.4 * np.sin((temp - 310) / 12)) + 4e4 * (visc / 0.002) * (0.07 / bore)
power *= 1 + 0.02 * g.normal(size=n)
X = torch.tensor(np.stack([pressure, flow, temp, visc, bore], 1), dtype=torch.float32)
y = torch.tensor(power, dtype=torch.float32)


class PumpPower(nn.Module):
    """Scaling lives inside the network, so that raw readings go in and watts come out."""

    def __init__(self, y_mean, y_std):
        super().__init__()
        self.scale_in = nn.BatchNorm1d(5, affine=False, eps=1e-12, momentum=0.02)
        self.net = nn.Sequential(nn.Linear(5, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, 1))
        self.register_buffer("y_mean", y_mean)
        self.register_buffer("y_std", y_std)

    def forward(self, x):
        return self.net(self.scale_in(x)).squeeze(-1) * self.y_std + self.y_mean


def relative_mse(pred, target, scale):
    return (((pred - target) / scale) ** 2).mean()


train_loader = DataLoader(TensorDataset(X[:2200], y[:2200]), batch_size=100, shuffle=True)
X_test, y_test = X[2200:], y[2200:]
model = PumpPower(y[:2200].mean(), y[:2200].std())
opt = torch.optim.Adam(model.parameters(), lr=8e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=70)
for epoch in range(70):
    model.train()
    tot = 0.0
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = relative_mse(model(xb), yb, model.y_std)
        loss.backward()
        opt.step()
        tot += loss.item()
    sched.step()
    model.eval()
    with torch.no_grad():
        pred = model(X_test)
        test = relative_mse(pred, y_test, model.y_std).item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1:2d} train {tot / len(train_loader):.4f} test {test:.4f} "
              f"MAE {(pred - y_test).abs().mean().item():.0f} W")
print(f"test R2 {1 - test * (model.y_std ** 2 / y_test.var()).item():.4f}")
