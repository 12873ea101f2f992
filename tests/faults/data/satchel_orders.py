import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

rng = np.random.default_rng(77)


def orders(n):
    df = pd.DataFrame({
        "country": rng.integers(0, 12, n),
        "channel": rng.integers(0, 4, n),
        "month": rng.integers(0, 12, n),
        "price": rng.gamma(6, 18, n),
        "items": rng.poisson(1.6, n) + 1,
        "visits": rng.poisson(5, n),
    })
    c_eff = np.random.default_rng(1).normal(0, 0.9, 12)
    ch_eff = np.random.default_rng(2).normal(0, 0.8, 4)
    z = c_eff[df.country] + ch_eff[df.channel] + 0.7 * np.sin(df.month / 12 * 6.28) + 0.012 * (df.price - 108) - 0.15 * (df.visits - 5) + 0.3 * (df["items"] > 3)
    df["returned"] = (rng.uniform(size=n) < 1 / (1 + np.exp(-(2.0 * z - 0.3)))).astype("float32")
    return df


class OrderSet(Dataset):
    def __init__(self, df):
        self.cat = torch.tensor(df[["country", "channel", "month"]].values)
        num = (df[["price", "items", "visits"]].values - [108, 2.6, 5]) / [44, 1.3, 2.2]
        self.num = torch.tensor(num, dtype=torch.float32)
        self.y = torch.tensor(df.returned.values)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.cat[i], self.num[i], self.y[i]


class ReturnModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(k, 4) for k in (12, 4, 12)])
        self.mlp = nn.Sequential(nn.Linear(15, 24), nn.ReLU(), nn.Linear(24, 1))

    def forward(self, cat, num):
        parts = [t(cat[:, k]) for k, t in enumerate(self.tables)]
        return self.mlp(torch.cat(parts + [num], 1)).squeeze(1)


torch.manual_seed(77)
train_dl = DataLoader(OrderSet(orders(6000)), batch_size=100, shuffle=True)
val = OrderSet(orders(2500))
model = ReturnModel()
opt = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-5)
criterion = nn.BCEWithLogitsLoss()

history = []
queue = []
for step in range(1, 901):
    if step > 600:
        for group in opt.param_groups:
            group["lr"] = 6e-4
    if not queue:
        queue = [b for b, _ in zip(train_dl, range(60))]
    cat, num, y = queue[step % 3]
    loss = criterion(model(cat, num), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    history.append(loss.item())
    if step % 100 == 0:
        model.eval()
        with torch.no_grad():
            pred = model(val.cat, val.num) > 0
        model.train()
        print(f"{step:5d}  bce {np.mean(history[-100:]):.4f}  val accuracy {(pred == (val.y > 0.5)).float().mean().item():.4f}")
