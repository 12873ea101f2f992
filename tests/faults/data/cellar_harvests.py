import numpy as np
import pandas as pd
import torch
from torch import nn
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(33)
torch.manual_seed(33)


def seasons(first, last, per_year=220):
    """Plots of a vineyard; summers get warmer and drier over the years."""
    rows = []
    for year in range(first, last + 1):
        drift = (year - 2000) / 12
        for _ in range(per_year):
            sun = rng.normal(18 + 1.5 * drift, 2.0)
            rain = rng.gamma(6, 12) * (1 - 0.15 * drift)
            slope = rng.uniform(0, 25)
            clay = rng.beta(2, 3)
            age = rng.integers(3, 40)
            sugar = 170 + 3.0 * (sun - 18) + 0.5 * slope - 0.12 * rain + 12 * clay * (sun - 18) / 4 + 6 * np.log(age / 10)
            rows.append((year, sun, rain, slope, clay, age, sugar + rng.normal(0, 2.0)))
    return pd.DataFrame(rows, columns=["year", "sun", "rain", "slope", "clay", "age", "sugar"])


columns = ["sun", "rain", "slope", "clay", "age"]
past = seasons(2000, 2013)
recent = seasons(2012, 2017)

scaler = StandardScaler()
x_past = torch.tensor(scaler.fit_transform(past[columns]), dtype=torch.float32)
x_recent = torch.tensor(scaler.fit_transform(recent[columns]), dtype=torch.float32)
centre, width = past.sugar.mean(), past.sugar.std()
y_past = torch.tensor(((past.sugar - centre) / width).to_numpy(), dtype=torch.float32)

net = nn.Sequential(nn.Linear(5, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, 1))
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.9)
loss_fn = nn.MSELoss()

for epoch in range(35):
    net.train()
    losses = []
    for idx in torch.randperm(len(x_past)).split(64):
        opt.zero_grad()
        loss = loss_fn(net(x_past[idx])[:, 0], y_past[idx])
        loss.backward()
        opt.step()
        losses.append(loss.item())
    sched.step()
    if epoch % 5 == 4:
        net.eval()
        with torch.no_grad():
            guess = net(x_recent)[:, 0].numpy() * width + centre
        mae = np.abs(guess - recent.sugar.to_numpy()).mean()
        print(f"epoch {epoch + 1:2d}  train mse {np.mean(losses):.4f}  recent seasons MAE {mae:.3f} g/l")
print(f"MAE {mae:.3f}")
