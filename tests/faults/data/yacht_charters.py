# weekly charter price of sailing yachts (euro) -- small regression net for the broker's site
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

np.random.seed(21)
torch.manual_seed(21)

n = 2400
df = pd.DataFrame({
    "length_m": np.random.uniform(8, 19, n),
    "berths": np.random.randint(4, 13, n),
    "age": np.random.exponential(8, n).clip(0, 35),
    "week": np.random.randint(14, 44, n),
    "catamaran": np.random.rand(n) < 0.3,
    "skipper": np.random.rand(n) < 0.4,
    "port": np.random.choice(["Split", "Lefkada", "Palma", "Goecek"], n),
})
season = np.exp(-((df.week - 31) / 6.0) ** 2)
port = df.port.map({"Split": 1.0, "Lefkada": 0.9, "Palma": 1.2, "Goecek": 0.85})
price = 90 * df.length_m ** 1.5 * (1 + 0.8 * season) * port * (1 + 0.45 * df.catamaran)
price = price * np.exp(-0.02 * df.age) + 900 * df.skipper + 60 * df.berths
df["price"] = price * np.exp(np.random.normal(0, 0.06, n))

X = pd.get_dummies(df.drop(columns="price"), columns=["port"]).astype("float32").values
y = df["price"].astype("float32").values
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
scaler = StandardScaler().fit(X_train)
X_train = torch.tensor(scaler.transform(X_train))
X_test = torch.tensor(scaler.transform(X_test))
price_mean, price_std = y_train.mean(), y_train.std()
print(f"{len(X_train)} charters to train on, price {price_mean:.0f} +- {price_std:.0f} euro")
t_train = torch.tensor(y_train).unsqueeze(1)

model = nn.Sequential(
    nn.Linear(X_train.shape[1], 64), nn.ReLU(),
    nn.Linear(64, 64), nn.ReLU(),
    nn.Linear(64, 1),
)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=14, gamma=0.3)
criterion = nn.MSELoss()


def predict(inputs):
    model.eval()
    with torch.no_grad():
        out = model(inputs)
    return out.squeeze(1).numpy()


def r2(truth, guess):
    return 1 - ((truth - guess) ** 2).sum() / ((truth - truth.mean()) ** 2).sum()


batch = 64
for epoch in range(35):
    model.train()
    perm = torch.randperm(len(X_train))
    losses = 0.0
    for i in range(0, len(perm), batch):
        idx = perm[i:i + batch]
        optimizer.zero_grad()
        loss = criterion(model(X_train[idx]), t_train[idx])
        loss.backward()
        optimizer.step()
        losses += loss.item() * len(idx)
    scheduler.step()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: loss {losses / len(X_train):.4f}, "
              f"train R2 {r2(y_train, predict(X_train)):.4f}, test R2 {r2(y_test, predict(X_test)):.4f}")

mae = np.abs(y_test - predict(X_test)).mean()
print(f"mean absolute error on test charters: {mae:.1f} euro")
