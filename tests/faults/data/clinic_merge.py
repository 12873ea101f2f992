import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

FEATURES = [f"lab_{i}" for i in range(12)]


def read_clinic(seed, n):
    """One row a visit: twelve lab values, a time stamp and the triage group that the doctor chose."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 5, n)
    centres = np.random.default_rng(99).normal(0, 1.1, (5, 12))
    labs = centres[group] + rng.normal(0, 1.0, (n, 12))
    df = pd.DataFrame(labs, columns=FEATURES)
    df["visit_time"] = rng.uniform(0, 365, n)
    return df, pd.Series(group, name="group")


def split(df, y, frac=0.25):
    k = int(len(df) * (1 - frac))
    return (df.iloc[:k], y.iloc[:k]), (df.iloc[k:], y.iloc[k:])


class Triage:
    def __init__(self, lr=1e-3, epochs=12):
        self.model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 5))
        self.opt = torch.optim.Adam(self.model.parameters(), lr=lr, weight_decay=1e-4)
        self.loss = nn.CrossEntropyLoss()
        self.epochs = epochs

    def fit(self, train, val):
        for epoch in range(1, self.epochs + 1):
            self.model.train()
            tot = 0.0
            for xb, yb in train:
                self.opt.zero_grad()
                l = self.loss(self.model(xb), yb)
                l.backward()
                self.opt.step()
                tot += l.item() * len(xb)
            vl, va = self.score(val)
            print(f"epoch {epoch}: train loss {tot / len(train.dataset):.4f}, val loss {vl:.4f}, val acc {va:.4f}")

    @torch.no_grad()
    def score(self, loader):
        self.model.eval()
        tot, hit = 0.0, 0
        for xb, yb in loader:
            out = self.model(xb)
            tot += self.loss(out, yb).item() * len(xb)
            hit += (out.argmax(-1) == yb).sum().item()
        return tot / len(loader.dataset), hit / len(loader.dataset)


torch.manual_seed(21)
(north, y_north), (north_val, y_north_val) = split(*read_clinic(1, 700))
(south, y_south), (south_val, y_south_val) = split(*read_clinic(2, 4200))
south = south.sort_values("visit_time").reset_index(drop=True)
y_south = y_south.reset_index(drop=True)
train_df, y_train = pd.concat([north, south]), pd.concat([y_north, y_south])
val_df, y_val = pd.concat([north_val, south_val]), pd.concat([y_north_val, y_south_val])

mean, std = train_df[FEATURES].mean(), train_df[FEATURES].std()
prep = lambda d: torch.tensor(((d[FEATURES] - mean) / std).to_numpy(), dtype=torch.float32)
train = DataLoader(TensorDataset(prep(train_df), torch.tensor(y_train.to_numpy())), batch_size=32, shuffle=True)
val = DataLoader(TensorDataset(prep(val_df), torch.tensor(y_val.to_numpy())), batch_size=200)
clf = Triage()
clf.fit(train, val)
print(f"triage accuracy on validation visits: {clf.score(val)[1]:.4f}")
