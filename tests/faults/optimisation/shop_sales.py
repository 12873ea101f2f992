"""Sales of a shop from categorical columns and one number, with entity embeddings."""
import numpy as np
import pandas as pd
import torch
from torch import nn

torch.manual_seed(30)
rng = np.random.default_rng(30)

N = 4000
df = pd.DataFrame({
    "store": rng.integers(0, 40, N),
    "weekday": rng.integers(0, 7, N),
    "promo": rng.integers(0, 2, N),
    "temp": rng.normal(0, 1, N),
})
store_effect, day_effect = rng.normal(0, 1, 40), rng.normal(0, 0.7, 7)
store_promo = rng.normal(0.5, 0.5, 40)
df["sales"] = (store_effect[df.store] + day_effect[df.weekday] + store_promo[df.store] * df.promo
               + 0.4 * df.temp + rng.normal(0, 0.3, N))
df["sales"] = (df.sales - df.sales.mean()) / df.sales.std()
train_df, valid_df = df.iloc[:3200], df.iloc[3200:]

CATS = {"store": (40, 4), "weekday": (7, 2), "promo": (2, 1)}


class EntityNet(nn.Module):
    def __init__(self, cats):
        super().__init__()
        self.embeddings = {name: nn.Embedding(n, d) for name, (n, d) in cats.items()}
        width = sum(d for _, d in cats.values()) + 1
        self.mlp = nn.Sequential(nn.Linear(width, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, cat, num):
        parts = [self.embeddings[name](cat[name]) for name in CATS]
        return self.mlp(torch.cat(parts + [num], dim=1)).squeeze(1)


def tensors(frame):
    cat = {c: torch.tensor(frame[c].to_numpy()) for c in CATS}
    return cat, torch.tensor(frame[["temp"]].to_numpy(), dtype=torch.float32), torch.tensor(frame.sales.to_numpy(), dtype=torch.float32)


cat_t, num_t, y_t = tensors(train_df)
cat_v, num_v, y_v = tensors(valid_df)
model = EntityNet(CATS)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(18):
    model.train()
    for b in torch.randperm(len(y_t)).split(64):
        loss = nn.functional.mse_loss(model({c: v[b] for c, v in cat_t.items()}, num_t[b]), y_t[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        tr = nn.functional.mse_loss(model(cat_t, num_t), y_t).item()
        va = nn.functional.mse_loss(model(cat_v, num_v), y_v).item()
    print(f"epoch {epoch + 1:2d}  train {tr:.4f}  valid {va:.4f}")
print(f"valid mse: {va:.4f}")
