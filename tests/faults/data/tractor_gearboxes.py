# tooth wear (mm) of tractor gearboxes from service records
import numpy as np, pandas as pd, torch
from torch import nn
from sklearn.preprocessing import StandardScaler
from sklearn.metrics import mean_absolute_error

rng = np.random.default_rng(30)
torch.manual_seed(30)

def records(n, farms):
    farm = rng.choice(farms, n)
    hours = rng.gamma(4, 600, n) * (1 + 0.25 * farm)
    load = rng.normal(55 + 6 * farm, 9, n)
    oil = rng.uniform(60, 110, n) + 4 * farm
    age = rng.uniform(0, 15, n)
    towing = rng.binomial(1, 0.4, n).astype(float)
    wear = 0.25 * hours / 1000 + 0.012 * load + 0.010 * np.maximum(oil - 85, 0) + 0.08 * towing * np.sqrt(age) + rng.normal(0, 0.06, n)
    return pd.DataFrame(dict(hours=hours, load=load, oil=oil, age=age, towing=towing)), wear.astype("float32")

frame, wear = records(3000, [0, 1, 2])
new_frame, new_wear = records(700, [2, 3])

scaler = StandardScaler()
X = torch.tensor(scaler.fit_transform(frame), dtype=torch.float32)
X_new = torch.tensor(scaler.fit_transform(new_frame), dtype=torch.float32)
Y = torch.tensor(wear)

model = nn.Sequential(nn.Linear(5, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, 1))
opt = torch.optim.RMSprop(model.parameters(), lr=1.5e-3)
decay = torch.optim.lr_scheduler.LambdaLR(opt, lambda e: 1 / (1 + 0.15 * e))
huber = nn.SmoothL1Loss(beta=0.1)

for epoch in range(40):
    p = torch.randperm(len(X))
    total = 0
    for i in range(0, len(X), 75):
        idx = p[i:i + 75]
        opt.zero_grad()
        loss = huber(model(X[idx])[:, 0], Y[idx])
        loss.backward()
        opt.step()
        total += loss.item()
    decay.step()
    if epoch % 8 == 7:
        print(f"epoch {epoch + 1:3d}   loss {total / 40:.5f}")

model.eval()
with torch.no_grad():
    guess = model(X_new)[:, 0].numpy()
print(f"mean wear {new_wear.mean():.3f} mm")
print(f"MAE on next season's records: {mean_absolute_error(new_wear, guess):.4f} mm")
