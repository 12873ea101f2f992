# Finishing time of a race horse from categorical entries (going, course, jockey, trainer, draw).
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

COLUMNS = ["going", "course", "jockey", "trainer", "draw"]
LEVELS = 12


class Entries(Dataset):
    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        effects = np.random.default_rng(0).normal(size=(len(COLUMNS), LEVELS))
        pair = np.random.default_rng(1).normal(size=(LEVELS, LEVELS))
        cats = rng.integers(0, LEVELS, size=(n, len(COLUMNS)))
        value = sum(effects[j][cats[:, j]] for j in range(len(COLUMNS)))
        value = value + 0.8 * effects[0][cats[:, 0]] * effects[4][cats[:, 4]]
        weight = rng.normal(size=n)
        value = value + 0.7 * weight + 0.6 * rng.normal(size=n)
        self.cats = torch.tensor(cats)
        self.weight = torch.tensor(weight, dtype=torch.float32).unsqueeze(1)
        self.time = torch.tensor(value, dtype=torch.float32)

    def __len__(self):
        return len(self.time)

    def __getitem__(self, i):
        return self.cats[i], self.weight[i], self.time[i]


class EntryModel(nn.Module):
    def __init__(self, columns, levels, dim=16):
        super().__init__()
        self.columns = columns
        self.tables = nn.ModuleDict(dict.fromkeys(columns, nn.Embedding(levels, dim)))
        self.cont = nn.Linear(1, dim)
        self.mlp = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, cats, weight):
        h = self.cont(weight)
        for j, name in enumerate(self.columns):
            h = h + self.tables[name](cats[:, j])
        return self.mlp(h).squeeze(1)


def r_squared(model, data):
    model.eval()
    with torch.no_grad():
        pred = model(data.cats, data.weight)
    mse = nn.functional.mse_loss(pred, data.time).item()
    return mse, 1 - mse / data.time.var(unbiased=False).item()


def main():
    torch.manual_seed(30)
    train, test = Entries(4000, seed=5), Entries(1000, seed=6)
    mean, std = train.time.mean(), train.time.std()
    for d in (train, test):
        d.time = (d.time - mean) / std
    loader = DataLoader(train, batch_size=100, shuffle=True)
    model = EntryModel(COLUMNS, LEVELS)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    loss_fn = nn.MSELoss()
    for epoch in range(1, 17):
        model.train()
        total = 0.0
        for cats, weight, time in loader:
            loss = loss_fn(model(cats, weight), time)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(time)
        if epoch % 2 == 0:
            mse, r2 = r_squared(model, test)
            print(f"epoch {epoch}: train mse {total / len(train):.4f}, test mse {mse:.4f}, test R2 {r2:.4f}")
    print(f"R2 on test entries: {r2:.4f}")


main()
