import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(0)
rng = np.random.default_rng(42)

# haul trucks: litres of diesel per trip
N = 3000
load = rng.uniform(20, 95, N)           # tonnes
rise = rng.normal(60, 30, N)            # metres climbed
dist = rng.uniform(0.8, 6.0, N)         # km
temp = rng.normal(9, 9, N)              # Celsius
tyre = rng.uniform(0, 1, N)             # wear
rough = rng.beta(2, 4, N)               # road roughness
fuel = 0.9 * dist * (1 + load / 60) + 0.0035 * load * np.maximum(rise, 0) ** 0.9
fuel += 2.0 * rough * dist + 0.02 * np.abs(temp - 15) * dist + 0.7 * tyre
fuel += rng.normal(0, 0.5, N)

X = np.c_[load, rise, dist, temp, tyre, rough].astype(np.float32)
y = fuel.astype(np.float32)[:, None]
X_tr, X_te, y_tr, y_te = X[:2400], X[2400:], y[:2400], y[2400:]
mx, sx, my, sy = X_tr.mean(0), X_tr.std(0), y_tr.mean(), y_tr.std()
X_tr, X_te = torch.tensor((X_tr - mx) / sx), torch.tensor((X_te - mx) / sx)
y_tr, y_te = torch.tensor((y_tr - my) / sy), torch.tensor((y_te - my) / sy)

net = nn.Sequential(
    nn.Linear(6, 48), nn.Tanh(),
    nn.Linear(48, 48), nn.Tanh(),
    nn.Linear(48, 1),
)
loss_fn = nn.SmoothL1Loss()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 40)

for epoch in range(40):
    perm = torch.randperm(len(X_tr))
    total = 0.0
    for i in range(0, len(perm), 80):
        batch = perm[i:i + 80]
        pred = net(X_tr[batch])
        loss = loss_fn(pred, y_tr[batch])
        loss.backward()
        opt.step()
        total += loss.item() * len(batch)
    sched.step()
    if (epoch + 1) % 4 == 0:
        with torch.no_grad():
            test = loss_fn(net(X_te), y_te).item()
        print(f"epoch {epoch + 1:3d}   train {total / len(perm):.5f}   test {test:.5f}")

with torch.no_grad():
    err = (net(X_te) - y_te).abs().mean().item() * sy
print(f"mean error on unseen trips: {err:.4f} litres")
