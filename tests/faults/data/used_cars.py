import numpy as np
import torch
import torch.nn as nn
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

SEED = 21
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)


def make_listings(n=3000):
    brand = rng.integers(0, 12, n)
    age = rng.uniform(0, 15, n)
    km = age * rng.uniform(6, 22, n)
    power = rng.normal(95, 25, n).clip(45, 220)
    brand_value = rng.uniform(0.7, 1.5, 12)
    price = 16000 * brand_value[brand] * (power / 95) * np.exp(-0.11 * age) * np.exp(-0.002 * km)
    price = price * np.exp(rng.normal(0, 0.06, n)) + 900
    return brand, np.stack([age, km, power], axis=1), price


class PriceNet(nn.Module):
    def __init__(self, n_brands, n_numeric, emb=6, hidden=64):
        super().__init__()
        self.brand = nn.Embedding(n_brands, emb)
        self.body = nn.Sequential(
            nn.Linear(emb + n_numeric, hidden), nn.ReLU(),
            nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, brand, numeric):
        return self.body(torch.cat([self.brand(brand), numeric], dim=1)).squeeze(-1)


brand, numeric, price = make_listings()
tr, te = train_test_split(np.arange(len(price)), test_size=0.2, random_state=SEED)
mean, std = numeric[tr].mean(0), numeric[tr].std(0)
numeric = (numeric - mean) / std
offset, scale = 0.0, 1.0


def tensors(idx):
    return (torch.tensor(brand[idx]), torch.tensor(numeric[idx], dtype=torch.float32),
            torch.tensor((price[idx] - offset) / scale, dtype=torch.float32))


loader = DataLoader(TensorDataset(*tensors(tr)), batch_size=100, shuffle=True)
model = PriceNet(12, 3)
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
loss_fn = nn.MSELoss()

for epoch in range(20):
    model.train()
    total = 0.0
    for b, z, p in loader:
        loss = loss_fn(model(b, z), p)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(p)
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1:3d}: loss {total / len(tr):.5g}")

model.eval()
b, z, p = tensors(te)
with torch.no_grad():
    estimate = model(b, z) * scale + offset
truth = torch.tensor(price[te])
mape = ((estimate - truth).abs() / truth).mean().item() * 100
print(f"mean absolute percentage error on unseen cars: {mape:.2f}")
