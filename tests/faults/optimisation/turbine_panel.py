# Power of a turbine from mast readings, with an error bar.
# Deep ensemble (Lakshminarayanan et al.): five members, Gaussian likelihood, each on its own bootstrap.
import math
import torch
import torch.nn as nn

torch.manual_seed(5)
MEMBERS, STEPS, BATCH = 5, 700, 128


def mast(n):
    wind = 3 + 14 * torch.rand(n)
    direction = 2 * math.pi * torch.rand(n)
    temp = 8 + 9 * torch.randn(n)
    turb = 0.05 + 0.2 * torch.rand(n)
    shade = 1 - 0.45 * torch.exp(4 * (torch.cos(direction - 2.1) - 1))
    eff = wind * shade * (1 - 0.002 * (temp - 8))
    power = 2.0 * torch.sigmoid((eff - 9) / 1.3)
    noise = (0.03 + 0.5 * turb * power * (2 - power)) * torch.randn(n)
    x = torch.stack([wind, direction.sin(), direction.cos(), temp, turb], 1)
    return x, power + noise


x_train, y_train = mast(4000)
x_val, y_val = mast(1500)
mu, sd = x_train.mean(0), x_train.std(0)
x_train, x_val = (x_train - mu) / sd, (x_val - mu) / sd
y_mu, y_sd = y_train.mean(), y_train.std()
t_train, t_val = (y_train - y_mu) / y_sd, (y_val - y_mu) / y_sd


class Member(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(5, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.mean = nn.Linear(width, 1)
        self.raw = nn.Linear(width, 1)

    def forward(self, x):
        h = self.trunk(x)
        var = nn.functional.softplus(self.raw(h)) + 1e-3
        return self.mean(h).squeeze(1), var.squeeze(1)


def gauss_nll(mean, var, t):
    return 0.5 * (var.log() + (t - mean) ** 2 / var).mean()


@torch.no_grad()
def mixture(panel, x):
    means, variances = zip(*(m(x) for m in panel))
    means, variances = torch.stack(means), torch.stack(variances)
    mean = means.mean(0)
    return mean, (variances + means ** 2).mean(0) - mean ** 2


panel = [Member() for _ in range(MEMBERS)]
optimisers = [torch.optim.Adam(m.parameters(), lr=8e-3) for m in panel]
plans = [torch.optim.lr_scheduler.CosineAnnealingLR(o, STEPS) for o in optimisers]
boots = [torch.randint(len(x_train), (len(x_train),)) for _ in panel]

for step in range(1, STEPS + 1):
    for member, opt, boot in zip(panel, optimisers, boots):
        opt.zero_grad()
        rows = boot[torch.randint(len(boot), (BATCH,))]
        mean, var = member(x_train[rows])
        loss = gauss_nll(mean, var, t_train[rows])
    loss.backward()
    for opt, plan in zip(optimisers, plans):
        opt.step()
        plan.step()
    if step % 100 == 0:
        mean, var = mixture(panel, x_val)
        inside = ((t_val - mean).abs() < 1.645 * var.sqrt()).float().mean()
        print(f"step {step:4d}  nll {loss.item():+.3f}  val nll {gauss_nll(mean, var, t_val):+.3f}  90% band holds {inside:.2f}")

mean, var = mixture(panel, x_val)
r2 = 1 - ((t_val - mean) ** 2).mean() / t_val.var()
rmse_kw = 1000 * y_sd * ((t_val - mean) ** 2).mean().sqrt()
print(f"ensemble of {MEMBERS}: rmse {rmse_kw:.0f} kW, R2 {r2:.4f}")
