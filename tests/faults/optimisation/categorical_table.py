"""Predict a price from four categorical columns."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

CARDINALITY = {"city": 25, "brand": 40, "month": 12, "shop": 15}


class Sales(Dataset):
    def __init__(self, n, effects, rng):
        self.codes = np.stack([rng.integers(k, size=n) for k in CARDINALITY.values()], axis=1)
        price = sum(effect[self.codes[:, i]] for i, effect in enumerate(effects))
        price = price + 0.5 * effects[0][self.codes[:, 0]] * effects[1][self.codes[:, 1]]
        self.price = (price / 2.1 + 0.1 * rng.standard_normal(n)).astype(np.float32)

    def __len__(self):
        return len(self.price)

    def __getitem__(self, i):
        return self.codes[i], self.price[i]


class PriceModel(nn.Module):
    def __init__(self, dim=3):
        super().__init__()
        self.embeddings = {}
        for column, size in CARDINALITY.items():
            self.embeddings[column] = nn.Embedding(size, dim)
        self.mlp = nn.Sequential(nn.Linear(dim * len(CARDINALITY), 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, codes):
        parts = [table(codes[:, i]) for i, table in enumerate(self.embeddings.values())]
        return self.mlp(torch.cat(parts, dim=1)).squeeze(1)


torch.manual_seed(0)
rng = np.random.default_rng(0)
effects = [rng.standard_normal(k) for k in CARDINALITY.values()]
train_ds, test_ds = Sales(4000, effects, rng), Sales(1000, effects, rng)
train_loader = DataLoader(train_ds, batch_size=100, shuffle=True)
test_loader = DataLoader(test_ds, batch_size=500)

model = PriceModel()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
mse = nn.MSELoss()
for epoch in range(12):
    model.train()
    for codes, price in train_loader:
        optimizer.zero_grad()
        loss = mse(model(codes), price)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        errors = torch.cat([(model(codes) - price) ** 2 for codes, price in test_loader])
    print("epoch", epoch + 1, "- test rmse:", round(errors.mean().sqrt().item(), 4))
