import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

np.random.seed(4)
torch.manual_seed(4)
CARDINALITY = {"origin": 40, "destination": 40, "carrier": 25}
NUMERIC = ["weight", "volume"]


def load_quotes(n=6000):
    df = pd.DataFrame({name: np.random.randint(0, k, n) for name, k in CARDINALITY.items()})
    df["weight"] = np.random.gamma(3, 2, n)
    df["volume"] = np.random.gamma(2, 1, n)
    pickup, toll = 20 * np.random.randn(40), 20 * np.random.randn(40)
    tariff = 1 + 0.35 * np.random.randn(25)
    df["price"] = 90 + pickup[df.origin] + toll[df.destination] + tariff[df.carrier] * (6 * df.weight + 4 * df.volume)
    df["price"] += 8 * np.random.randn(n)
    return df


class Quotes(Dataset):
    def __init__(self, df, stats):
        self.cats = {c: torch.tensor(df[c].values) for c in CARDINALITY}
        num = (df[NUMERIC] - stats["mean"][NUMERIC]) / stats["std"][NUMERIC]
        self.num = torch.tensor(num.values, dtype=torch.float32)
        price = (df.price - stats["mean"]["price"]) / stats["std"]["price"]
        self.price = torch.tensor(price.values, dtype=torch.float32)

    def __len__(self):
        return len(self.price)

    def __getitem__(self, i):
        return {c: v[i] for c, v in self.cats.items()}, self.num[i], self.price[i]


class QuoteModel(nn.Module):
    def __init__(self, dim=3, width=64):
        super().__init__()
        self.tables = {c: nn.Embedding(k, dim) for c, k in CARDINALITY.items()}
        self.body = nn.Sequential(nn.Linear(dim * len(self.tables) + len(NUMERIC), width), nn.ReLU(),
                                  nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, cats, num):
        parts = [self.tables[c](cats[c]) for c in CARDINALITY]
        return self.body(torch.cat(parts + [num], dim=1)).squeeze(1)


df = load_quotes()
train_df, valid_df = df.iloc[:4800], df.iloc[4800:]
stats = {"mean": train_df.mean(), "std": train_df.std()}
train_dl = DataLoader(Quotes(train_df, stats), batch_size=128, shuffle=True)
valid_dl = DataLoader(Quotes(valid_df, stats), batch_size=600)

model = QuoteModel()
opt = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=1e-2)
EPOCHS = 18
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=1e-2, epochs=EPOCHS, steps_per_epoch=len(train_dl))
loss_fn = nn.MSELoss()
for epoch in range(EPOCHS):
    model.train()
    train_loss = 0
    for cats, num, price in train_dl:
        loss = loss_fn(model(cats, num), price)
        loss.backward()
        opt.step()
        sched.step()
        opt.zero_grad()
        train_loss += loss.item() / len(train_dl)
    model.eval()
    with torch.no_grad():
        sq = sum(((model(c, n) - p) ** 2).sum().item() for c, n, p in valid_dl)
    rmse = (sq / len(valid_df)) ** 0.5 * stats["std"]["price"]
    print(f"epoch {epoch + 1:2d}: train mse {train_loss:.4f}, valid RMSE {rmse:.2f} EUR")
print(f"RMSE {rmse:.3f}")
