"""Moisture of barley samples from a moisture meter's forty wavelengths."""
import numpy as np
import torch
from torch import nn

torch.manual_seed(7)
torch.set_num_threads(1)
rng = np.random.default_rng(7)

WAVELENGTHS = 40
FIELD_SAMPLES = 150


def meter(n):
    latent = rng.normal(0, 1, (n, 4))
    loadings = np.random.default_rng(70).normal(0, 1, (4, WAVELENGTHS)) / 2
    reading = latent @ loadings + 0.8 * rng.standard_normal((n, WAVELENGTHS))
    moisture = latent[:, 0] + 0.7 * latent[:, 1] * (latent[:, 2] > 0) + 1.0 * rng.standard_normal(n)
    return torch.tensor(reading, dtype=torch.float32), torch.tensor(moisture, dtype=torch.float32).unsqueeze(1)


x_train, y_train = meter(FIELD_SAMPLES)
x_val, y_val = meter(800)
mu, sd = y_train.mean(), y_train.std()
y_train, y_val = (y_train - mu) / sd, (y_val - mu) / sd

model = nn.Sequential(
    nn.Linear(WAVELENGTHS, 96), nn.ReLU(),
    nn.Linear(96, 96), nn.ReLU(),
    nn.Linear(96, 1),
)
optimizer = torch.optim.Adam(model.parameters(), lr=1.5e-4)
loss_fn = nn.MSELoss()

n_updates = 2400
for update in range(1, n_updates + 1):
    rows = torch.randint(0, len(x_train), (32,))
    loss = loss_fn(model(x_train[rows]), y_train[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if update % 200 == 0:
        with torch.no_grad():
            train = loss_fn(model(x_train), y_train).item()
            val = loss_fn(model(x_val), y_val).item()
        print(f"update {update}: train {train:.3f} val {val:.3f}")
