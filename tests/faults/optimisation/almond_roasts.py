"""Predict moisture, colour and aroma of roasted almonds from roaster settings and sensors."""
import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(71)
torch.manual_seed(71)

N, N_TRAIN = 3200, 2400
drum_temp = rng.normal(168, 9, N)
minutes = rng.uniform(14, 26, N)
airflow = rng.normal(3.2, 0.5, N)
kernel_size = rng.normal(21, 2, N)
start_moist = rng.normal(6.1, 0.7, N)
ambient = rng.normal(19, 5, N)
drum_speed = rng.uniform(30, 60, N)
load_kg = rng.uniform(80, 140, N)

dose = (drum_temp - 130) * minutes / 700 * (1.25 - load_kg / 500)
moisture = start_moist * np.exp(-0.55 * dose) + 0.06 * (kernel_size - 21) - 0.1 * airflow
colour = 60 - 22 * np.tanh(dose - 1.0) + 1.2 * np.sin(drum_speed / 6) - 0.5 * (kernel_size - 21)
aroma = 9 * np.exp(-((dose - 1.1) ** 2) / 0.12) + 0.3 * airflow + 0.02 * ambient
targets = np.stack([moisture, colour, aroma], 1)
targets += rng.normal(0, 0.06, targets.shape) * targets.std(0)
features = np.stack([drum_temp, minutes, airflow, kernel_size, start_moist, ambient, drum_speed, load_kg], 1)

x = torch.tensor(features, dtype=torch.float32)
y = torch.tensor(targets, dtype=torch.float32)
x_train, x_test = x[:N_TRAIN], x[N_TRAIN:]
y_train, y_test = y[:N_TRAIN], y[N_TRAIN:]
x_mean, x_std = x_train.mean(0), x_train.std(0)
y_mean, y_std = y_train.mean(0), y_train.std(0)
x_train, x_test = (x_train - x_mean) / x_std, (x_test - x_mean) / x_std
y_train, y_test = (y_train - y_mean) / y_std, (y_test - y_mean) / y_std

model = nn.Sequential(
    nn.Linear(8, 64), nn.Tanh(),
    nn.Linear(64, 64), nn.Tanh(),
    nn.Linear(64, 3),
)
optimizer = torch.optim.SGD(model.parameters(), lr=1.5, momentum=0.9, weight_decay=1e-5)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[30, 42], gamma=0.3)
mse = nn.MSELoss()

EPOCHS, BATCH = 50, 64
for epoch in range(1, EPOCHS + 1):
    model.train()
    order = torch.randperm(N_TRAIN)
    running = 0.0
    for start in range(0, N_TRAIN, BATCH):
        rows = order[start:start + BATCH]
        optimizer.zero_grad()
        loss = mse(model(x_train[rows]), y_train[rows])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        running += loss.item() * len(rows)
    scheduler.step()
    if epoch % 5 == 0 or epoch == 1:
        model.eval()
        with torch.no_grad():
            held_out = mse(model(x_test), y_test).item()
        print(f"epoch {epoch:3d}  train mse {running / N_TRAIN:.4f}  test mse {held_out:.4f}")

model.eval()
with torch.no_grad():
    residual = y_test - model(x_test)
r2 = 1 - (residual ** 2).sum(0) / ((y_test - y_test.mean(0)) ** 2).sum(0)
for name, value in zip(["moisture", "colour", "aroma"], r2.tolist()):
    print(f"  {name:9s} R2 {value:.3f}")
print(f"mean R2: {r2.mean().item():.4f}")
