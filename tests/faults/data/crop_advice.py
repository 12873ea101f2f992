import numpy as np
import pandas as pd
import torch
from torch import nn

np.random.seed(21)
torch.manual_seed(21)


def read_fields(n=3000):
    """One row per field and season; rain in mm/day, nutrients in mg/kg."""
    rain = np.random.gamma(0.8, 4.0, n)
    rain[np.random.rand(n) < 0.02] = 0.0
    df = pd.DataFrame({
        "rain": rain,
        "temp": np.random.normal(22, 5, n),
        "ph": np.random.normal(6.4, 0.7, n),
        "nitrogen": np.random.lognormal(3.5, 0.5, n),
        "potassium": np.random.lognormal(3.0, 0.6, n),
    })
    wet = np.log1p(df.rain) - 1.2
    warm = (df.temp - 22) / 5
    rich = np.log(df.nitrogen) - 3.5
    score = np.stack([1.8 * wet + 0.5 * warm, -1.5 * wet + 1.2 * warm, 2.0 * rich - warm, -1.8 * rich + (df.ph - 6.4)], 1)
    df["crop"] = (score + 0.4 * np.random.gumbel(size=score.shape)).argmax(1)
    return df


df = read_fields()
df["rain"] = np.log(df["rain"])
for col in ("nitrogen", "potassium"):
    df[col] = np.log(df[col])

features = ["rain", "temp", "ph", "nitrogen", "potassium"]
X = df[features].to_numpy(np.float32)
y = df["crop"].to_numpy()
idx = np.random.permutation(len(X))
train_idx, val_idx = idx[:2400], idx[2400:]
mu = X[train_idx].mean(0)
sigma = X[train_idx].std(0)
X = torch.from_numpy((X - mu) / sigma)
y = torch.from_numpy(y)

model = nn.Sequential(nn.Linear(5, 24), nn.Tanh(), nn.Linear(24, 4))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)

batch = 60
for epoch in range(10):
    model.train()
    order = np.random.permutation(train_idx)
    for s in range(0, len(order), batch):
        b = order[s:s + batch]
        loss = loss_fn(model(X[b]), y[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        out = model(X[val_idx])
        val_loss = loss_fn(out, y[val_idx]).item()
        acc = (out.argmax(1) == y[val_idx]).float().mean().item()
    print("epoch", epoch, "val loss %.4f" % val_loss, "val accuracy %.4f" % acc)
