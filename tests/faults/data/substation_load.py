import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

np.random.seed(5)
torch.manual_seed(5)

# one year of hourly measurements
hours = pd.date_range("2023-01-01", periods=24 * 240, freq="h")
t = np.arange(len(hours))
temp = 12 + 9 * np.sin(2 * np.pi * (t / 24 - 100) / 365) + 5 * np.sin(2 * np.pi * (t - 9) / 24)
temp += np.convolve(np.random.randn(len(t)), np.ones(12) / 3, "same")
wind = np.abs(4 + np.convolve(np.random.randn(len(t)), np.ones(8) / 2, "same"))
cloud = 1 / (1 + np.exp(-np.convolve(np.random.randn(len(t)), np.ones(10) / 2, "same")))
df = pd.DataFrame({"temp": temp, "wind": wind, "cloud": cloud}, index=hours)
df["hour_sin"], df["hour_cos"] = np.sin(2 * np.pi * df.index.hour / 24), np.cos(2 * np.pi * df.index.hour / 24)
df["weekend"] = (df.index.dayofweek >= 5).astype(float)
df["load"] = (
    30 + 0.06 * (df.temp - 17) ** 2 + 6 * df.hour_cos * (1 - 0.6 * df.weekend) - 4 * df.hour_sin
    - 3.5 * (1 - df.cloud) * np.clip(-df.hour_cos, 0, None) * 2 + 0.25 * df.wind + np.random.randn(len(df)) * 0.8
)

# the weather station is off-line now and then
gone = np.random.choice(len(df), size=60, replace=False)
df.iloc[gone, df.columns.get_loc("temp")] = np.nan

FEATURES = ["temp", "wind", "cloud", "hour_sin", "hour_cos", "weekend"]
inputs = df[FEATURES].dropna()
target = df["load"].iloc[:len(inputs)]

X = torch.tensor(inputs.values, dtype=torch.float32)
y = torch.tensor(target.values, dtype=torch.float32).unsqueeze(1)
order = torch.randperm(len(X))
cut = int(0.8 * len(X))
tr, va = order[:cut], order[cut:]
mean, std = X[tr].mean(0), X[tr].std(0)
y_mean, y_std = y[tr].mean(), y[tr].std()
X, y = (X - mean) / std, (y - y_mean) / y_std

loader = DataLoader(TensorDataset(X[tr], y[tr]), batch_size=96, shuffle=True)
model = nn.Sequential(nn.Linear(len(FEATURES), 40), nn.SiLU(), nn.Linear(40, 40), nn.SiLU(), nn.Linear(40, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.4)
loss_fn = nn.MSELoss()

for epoch in range(30):
    model.train()
    train_loss = 0.0
    for xb, yb in loader:
        loss = loss_fn(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * len(xb)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        val_loss = loss_fn(model(X[va]), y[va]).item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1:3d} | train {train_loss / len(tr):.4f} | val {val_loss:.4f}")

with torch.no_grad():
    rmse = val_loss ** 0.5 * y_std.item()
    print(f"validation RMSE {rmse:.3f} MW")
    print(f"validation R^2 {1 - val_loss / y[va].var().item():.4f}")
