"""Tension in a mooring line with Monte Carlo dropout: the forecast is the mean of many passes, dropout left on."""
import math
import torch
import torch.nn as nn

torch.manual_seed(92)
PASSES = 40


def sea_states(n):
    wave = torch.rand(n) * 3
    period = torch.rand(n) * 2 - 1
    wind = torch.randn(n)
    current = torch.randn(n)
    depth = torch.rand(n) * 2 - 1
    tension = wave * (1 + 0.4 * torch.cos(3 * period)) + 0.5 * wind.abs() + 0.3 * current * depth
    tension = tension + 0.25 * torch.randn(n)
    x = torch.stack([wave, period, wind, current, depth], 1)
    return x, tension.unsqueeze(1)


class Mooring(nn.Module):
    def __init__(self, p=0.05):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(5, 80), nn.ReLU(), nn.Dropout(p),
                                 nn.Linear(80, 80), nn.ReLU(), nn.Dropout(p), nn.Linear(80, 1))

    def forward(self, x):
        return self.net(x)


@torch.no_grad()
def mc_forecast(model, x):
    model.train()
    passes = torch.stack([model(x) for _ in range(PASSES)])
    return passes.mean(0), passes.std(0)


x, y = sea_states(3000)
x_test, y_test = sea_states(800)
mx, sx, my, sy = x.mean(0), x.std(0), y.mean(), y.std()
x, x_test, y, y_test = (x - mx) / sx, (x_test - mx) / sx, (y - my) / sy, (y_test - my) / sy

model = Mooring()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 24)
for epoch in range(24):
    model.train()
    running = 0.0
    for rows in torch.randperm(len(x)).split(60):
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(x[rows]), y[rows])
        loss.backward()
        opt.step()
        running += loss.item() * len(rows)
    sched.step()
    if epoch % 3 == 2:
        mean, spread = mc_forecast(model, x_test)
        print(f"epoch {epoch + 1} train mse {running / len(x):.4f} test mse {(mean - y_test).pow(2).mean():.4f} "
              f"mean spread {spread.mean():.3f}")

mean, spread = mc_forecast(model, x_test)
sigma = math.sqrt((0.25 / sy.item()) ** 2)
inside = ((mean - y_test).abs() < 1.645 * (spread ** 2 + sigma ** 2).sqrt()).float().mean().item()
print(f"share inside the 90 % band {inside:.3f}")
print(f"MC test MSE {(mean - y_test).pow(2).mean().item():.4f}")
