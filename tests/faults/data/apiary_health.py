import numpy as np
import pandas as pd
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn

SEED = 31
torch.manual_seed(SEED)
np.random.seed(SEED)
SENSORS = ["brood_temp", "humidity", "weight_gain", "hum_low", "hum_high", "traffic", "co2", "entrance_temp"]


def read_export(n):
    """Stands for the monthly export of the hive monitor."""
    z = np.random.randn(n, len(SENSORS))
    df = pd.DataFrame(z, columns=SENSORS)
    score = (1.4 * df.brood_temp - 1.1 * df.humidity + 0.9 * df.weight_gain * df.traffic
             + 1.2 * np.tanh(2 * df.hum_high) - 0.8 * df.co2 + 0.4 * np.random.randn(n))
    df["status"] = pd.cut(score, [-np.inf, -0.9, 0.9, np.inf], labels=[0, 1, 2]).astype(int)
    df["brood_temp"] = 34.5 + 0.8 * df.brood_temp
    df["humidity"] = 60 + 7 * df.humidity
    df["weight_gain"] = 0.3 + 0.5 * df.weight_gain
    df["co2"] = 900 + 250 * df.co2
    df["entrance_temp"] = 18 + 6 * df.entrance_temp
    return df


class HiveClassifier(nn.Module):
    def __init__(self, n_features, hidden=48, classes=3):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(n_features, hidden), nn.GELU(),
            nn.Linear(hidden, hidden), nn.GELU(),
            nn.Linear(hidden, classes),
        )

    def forward(self, x):
        return self.net(x)


train_df, new_df = read_export(3000), read_export(1000)

X = train_df[SENSORS].to_numpy()
y = torch.tensor(train_df["status"].to_numpy())
scaler = StandardScaler().fit(X)
X = torch.tensor(scaler.transform(X), dtype=torch.float32)

X_new = new_df[SENSORS].to_numpy()
y_new = torch.tensor(new_df["status"].to_numpy())
X_new = torch.tensor(StandardScaler(with_std=False).fit_transform(X_new), dtype=torch.float32)

model = HiveClassifier(len(SENSORS))
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.02)
criterion = nn.CrossEntropyLoss()
print("train shares:", (torch.bincount(y) / len(y)).tolist())

for epoch in range(12):
    model.train()
    perm = torch.randperm(len(X))
    running = 0.0
    for start in range(0, len(X), 40):
        batch = perm[start:start + 40]
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(X[batch]), y[batch])
        loss.backward()
        optimizer.step()
        running += loss.item() * len(batch)
    model.eval()
    with torch.no_grad():
        out = model(X_new)
    print(f"epoch {epoch:02d}  train loss {running / len(X):.4f}  new-month loss {criterion(out, y_new):.4f}")

acc = (out.argmax(dim=1) == y_new).float().mean().item()
print(f"accuracy on the new month: {acc:.4f}")
