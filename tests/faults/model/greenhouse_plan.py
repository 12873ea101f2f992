"""Planning model of a tomato greenhouse: one shared trunk, a tower per quantity."""
import math
import torch
from torch import nn

torch.manual_seed(31)

TASKS = ["yield_kg", "water_l", "shelf_days", "heating_kwh"]


def season(n):
    x = torch.randn(n, 10)
    light, temp, co2, vpd, ec, age, wind, pick, dens, cover = x.unbind(1)
    out = {
        "yield_kg": 4.0 + 0.9 * torch.tanh(light + 0.6 * co2) - 0.3 * (temp - 0.3) ** 2 + 0.35 * dens,
        "water_l": 20 + 3.0 * torch.nn.functional.softplus(vpd + 0.5 * light) + 1.2 * dens - 0.8 * ec,
        "shelf_days": 12 - 1.4 * pick + 0.9 * torch.sin(1.5 * ec) - 0.6 * age * torch.sigmoid(pick),
        "heating_kwh": 300 - 60 * temp * torch.sigmoid(wind) + 40 * wind - 35 * cover * wind.abs(),
    }
    y = torch.stack([out[t] for t in TASKS], 1)
    return x, y + 0.12 * y.std(0) * torch.randn_like(y)


class Planner(nn.Module):
    def __init__(self, d_in, width=96):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(d_in, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        tower = nn.Sequential(nn.Linear(width, 32), nn.SiLU(), nn.Linear(32, 1))
        self.towers = nn.ModuleDict(dict.fromkeys(TASKS, tower))

    def forward(self, x):
        h = self.trunk(x)
        return {t: self.towers[t](h).squeeze(-1) for t in TASKS}


class Trainer:
    def __init__(self, model, steps, lr):
        self.model, self.steps = model, steps
        self.opt = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-4)
        self.sched = torch.optim.lr_scheduler.LambdaLR(
            self.opt, lambda k: min(1.0, (k + 1) / 50) * 0.5 * (1 + math.cos(math.pi * k / steps)))

    def losses(self, x, y):
        pred = self.model(x)
        return torch.stack([(pred[t] - y[:, i]).square().mean() for i, t in enumerate(TASKS)])

    def run(self, x, y, vx, vy, batch=128):
        for k in range(self.steps):
            rows = torch.randint(0, len(x), (batch,))
            each = self.losses(x[rows], y[rows])
            self.opt.zero_grad()
            each.mean().backward()
            self.opt.step()
            self.sched.step()
            if (k + 1) % 100 == 0:
                r2 = self.score(vx, vy)
                print(f"step {k + 1:5d}  train {each.mean().item():.3f}  r2 "
                      + " ".join(f"{t}={v:.2f}" for t, v in zip(TASKS, r2.tolist())))
        return self.score(vx, vy).mean().item()

    @torch.no_grad()
    def score(self, x, y):
        return 1 - self.losses(x, y) / y.var(0, unbiased=False)


x, y = season(6000)
mean, std = y[:5000].mean(0), y[:5000].std(0)
y = (y - mean) / std
trainer = Trainer(Planner(x.shape[1]), steps=1100, lr=4e-3)
print("mean R2 over tasks:", round(trainer.run(x[:5000], y[:5000], x[5000:], y[5000:]), 4))
