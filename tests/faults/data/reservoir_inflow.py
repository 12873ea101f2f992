import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


def make_frame(days=2600, seed=8):
    rng = np.random.default_rng(seed)
    rain = np.where(rng.random(days) < 0.97, rng.gamma(1.2, 6.0, days), 0.0)
    soil = pd.Series(rain).ewm(span=12).mean().to_numpy()
    temp = 12 + 9 * np.sin(2 * np.pi * np.arange(days) / 365) + rng.normal(0, 2, days)
    snow = np.clip(6 - temp, 0, None) + rng.gamma(2.0, 1.0, days)
    flow = 0.6 * np.sqrt(rain) * (soil / 7) + 0.15 * snow - 0.03 * temp + rng.normal(0, 0.15, days)
    return pd.DataFrame(dict(rain=rain, soil=soil, temp=temp, snow=snow, flow=flow))


def prepare(frame):
    features = frame[["rain", "soil", "temp", "snow"]].copy()
    features["rain"] = np.log(features["rain"])
    features["soil"] = np.log(features["soil"] + 1.0)
    x = torch.tensor(features.to_numpy(), dtype=torch.float32)
    y = torch.tensor(frame["flow"].to_numpy(), dtype=torch.float32).unsqueeze(1)
    return (x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std()


class Inflow(nn.Module):
    def __init__(self, n_features, hidden=40):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(n_features, hidden), nn.SiLU(),
            nn.Linear(hidden, hidden), nn.SiLU(),
        )
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.out(self.body(x))


def validate(model, loader):
    model.eval()
    with torch.no_grad():
        squares = sum(((model(x) - y) ** 2).sum().item() for x, y in loader)
    return squares / len(loader.dataset)


if __name__ == "__main__":
    torch.manual_seed(8)
    x, y = prepare(make_frame())
    train_set, valid_set = random_split(TensorDataset(x, y), [2000, 600])
    train_loader = DataLoader(train_set, batch_size=40, shuffle=True)
    valid_loader = DataLoader(valid_set, batch_size=200)
    model = Inflow(x.shape[1])
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    mse = nn.MSELoss()
    for epoch in range(20):
        model.train()
        for xb, yb in train_loader:
            optimizer.zero_grad()
            loss = mse(model(xb), yb)
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1:02d}  last batch {loss.item():.4f}  valid {validate(model, valid_loader):.4f}")
    print(f"validation MSE: {validate(model, valid_loader):.4f}")
