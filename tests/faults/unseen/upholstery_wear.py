# How many rubs does an upholstery cloth stand? Lab sheet -> log10(rubs)
import numpy as np
import torch
from torch import nn

torch.manual_seed(2)
torch.set_num_threads(1)
rng = np.random.default_rng(2)

n = 2400
sheet = {
    "yarn_tex": rng.uniform(20, 120, n),
    "weight_gsm": rng.uniform(180, 650, n),
    "picks_per_m": rng.uniform(800, 2400, n),
    "twist_per_m": rng.uniform(200, 900, n),
    "pile_mm": rng.uniform(0.0, 3.0, n),
    "wool_share": rng.uniform(0.0, 1.0, n),
}
raw = np.column_stack(list(sheet.values()))
u = (raw - raw.min(0)) / (raw.max(0) - raw.min(0))
log_rubs = (
    4.3 + 0.5 * u[:, 1] + 0.35 * np.sin(4 * u[:, 3]) - 0.6 * (u[:, 4] - 0.3) ** 2
    + 0.4 * u[:, 5] * u[:, 0] + 0.3 * u[:, 2] * u[:, 1] + rng.normal(0, 0.04, n)
)

X = torch.tensor(raw, dtype=torch.float32)
y = torch.tensor((log_rubs - log_rubs[:1900].mean()) / log_rubs[:1900].std(), dtype=torch.float32)[:, None]
X_train, y_train = X[:1900], y[:1900]
X_test, y_test = X[1900:], y[1900:]

model = nn.Sequential(
    nn.Linear(6, 64),
    nn.Tanh(),
    nn.Linear(64, 32),
    nn.Tanh(),
    nn.Linear(32, 1),
)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
history = []

for epoch in range(50):
    perm = torch.randperm(1900)
    running = 0.0
    for i in range(0, 1900, 64):
        b = perm[i:i + 64]
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(X_train[b]), y_train[b])
        loss.backward()
        opt.step()
        running += loss.item() * len(b)
    history.append(running / 1900)
    if (epoch + 1) % 10 == 0:
        with torch.no_grad():
            test_mse = nn.functional.mse_loss(model(X_test), y_test).item()
        print(f"epoch {epoch + 1} train {history[-1]:.4f} test mse {test_mse:.4f}")

print("best train loss", round(min(history), 4))
