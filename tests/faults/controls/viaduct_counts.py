# Daily counts of trains on 14 viaducts: Poisson regression with a small net and an offset for recorded hours
import numpy as np, pandas as pd, torch
import torch.nn as nn

torch.manual_seed(0)
rng = np.random.default_rng(5)

n = 12000
df = pd.DataFrame({
    "viaduct": rng.integers(0, 14, n),
    "weekday": rng.integers(0, 7, n),
    "temp": rng.normal(9, 7, n),
    "rain": rng.exponential(2.0, n) * (rng.random(n) < 0.4),
    "hours": rng.uniform(4, 24, n),
})
base = rng.normal(-1.6, 0.6, 14)
week = np.array([0.1, 0.12, 0.1, 0.1, 0.2, -0.3, -0.6])
lograte = base[df.viaduct] + week[df.weekday] - 0.0015 * (df.temp - 12) ** 2 - 0.25 * np.tanh(df.rain / 4)
df["trains"] = rng.poisson(df.hours * np.exp(lograte))

cut = int(0.8 * n)
num = df[["temp", "rain"]].to_numpy()
num = (num - num[:cut].mean(0)) / num[:cut].std(0)
num = torch.tensor(num, dtype=torch.float32)
via = torch.tensor(df.viaduct.to_numpy())
day = torch.tensor(df.weekday.to_numpy())
off = torch.tensor(np.log(df.hours.to_numpy()), dtype=torch.float32)
y = torch.tensor(df.trains.to_numpy(), dtype=torch.float32)


class CountNet(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.via = nn.Embedding(14, 4)
        self.day = nn.Embedding(7, 3)
        self.net = nn.Sequential(nn.Linear(9, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, i):
        z = torch.cat([self.via(via[i]), self.day(day[i]), num[i]], 1)
        return self.net(z).squeeze(1) + off[i]


def deviance(logmu, t):
    mu = logmu.exp()
    return 2 * (torch.xlogy(t, t / mu) - (t - mu)).mean()


model = CountNet()
crit = nn.PoissonNLLLoss(log_input=True)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.MultiStepLR(opt, [10, 14], gamma=0.2)
train_ids, test_ids = torch.arange(cut), torch.arange(cut, n)
null = torch.log(y[:cut].sum() / off[:cut].exp().sum()) + off[cut:]
print(f"constant rate: test deviance {deviance(null, y[cut:]).item():.3f}")
for epoch in range(18):
    perm = train_ids[torch.randperm(cut)]
    total = 0
    for i in perm.split(64):
        opt.zero_grad()
        loss = crit(model(i), y[i])
        loss.backward()
        opt.step()
        total += loss.item()
    sched.step()
    if epoch % 2 == 1:
        with torch.no_grad():
            a, b = model(train_ids), model(test_ids)
        print(f"epoch {epoch + 1}: nll {total / (cut / 64):.4f}, train deviance {deviance(a, y[:cut]).item():.4f}, test deviance {deviance(b, y[cut:]).item():.4f}")
print(f"final test deviance {deviance(b, y[cut:]).item():.4f}")
