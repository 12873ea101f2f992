import numpy as np
import pandas as pd
import torch
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, Dataset

np.random.seed(5)
torch.manual_seed(5)


def make_table(n=4000):
    df = pd.DataFrame({
        "area_m2": np.random.gamma(9, 9, n),
        "rooms": np.random.randint(1, 7, n),
        "year": np.random.randint(1920, 2020, n),
        "floor": np.random.randint(0, 9, n),
        "people": np.random.randint(1, 6, n),
        "glazing": np.random.rand(n),
    })
    heat = df.area_m2 * (140 - 0.9 * (df.year - 1920)).clip(lower=40) * (1.3 - 0.5 * df.glazing)
    df["kwh"] = heat + 650 * df.people ** 0.8 + 900 * (df.floor == 0) + np.random.normal(0, 500, n)
    return df


class EnergyDataset(Dataset):
    def __init__(self, features, target):
        self.x = torch.as_tensor(features, dtype=torch.float32)
        self.y = torch.as_tensor(target, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


table = make_table()
train_df, test_df = train_test_split(table, test_size=0.25, random_state=5)
columns = [c for c in table.columns if c != "kwh"]
scaler = StandardScaler().fit(train_df[columns])
x_train, x_test = scaler.transform(train_df[columns]), scaler.transform(test_df[columns])
y_scale, y_shift = 1.0, 0.0
train_set = EnergyDataset(x_train, (train_df.kwh.values - y_shift) / y_scale)
loader = DataLoader(train_set, batch_size=50, shuffle=True)

model = nn.Sequential(nn.Linear(len(columns), 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.MSELoss()


def predict(features):
    model.eval()
    with torch.no_grad():
        out = model(torch.as_tensor(features, dtype=torch.float32)).squeeze(1).numpy()
    return out * y_scale + y_shift


for epoch in range(30):
    model.train()
    losses = []
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4g}, test R2 {r2_score(test_df.kwh, predict(x_test)):.4f}")

print(f"test R2: {r2_score(test_df.kwh, predict(x_test)):.4f}")
