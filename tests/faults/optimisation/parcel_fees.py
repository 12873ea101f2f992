import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

rng = np.random.default_rng(77)
torch.manual_seed(77)

SIZES = {"origin": 40, "dest": 40, "carrier": 12}


def parcels(n=5000):
    effects = {k: rng.normal(size=v) for k, v in SIZES.items()}
    cats = {k: rng.integers(0, v, n) for k, v in SIZES.items()}
    weight = rng.normal(size=n)
    fee = sum(effects[k][cats[k]] for k in SIZES) + 0.8 * weight * (1 + 0.3 * effects["carrier"][cats["carrier"]])
    fee += 0.3 * rng.normal(size=n)
    return np.stack([cats[k] for k in SIZES], 1), weight.astype(np.float32), fee.astype(np.float32)


class ParcelData(Dataset):
    def __init__(self, cats, weight, fee):
        self.cats = torch.as_tensor(cats)
        self.weight = torch.as_tensor(weight).unsqueeze(1)
        self.fee = torch.as_tensor(fee)

    def __len__(self):
        return len(self.fee)

    def __getitem__(self, i):
        return self.cats[i], self.weight[i], self.fee[i]


class FeeModel(nn.Module):
    def __init__(self, sizes, dim=3, hidden=32):
        super().__init__()
        self.names = list(sizes)
        self.emb = {name: nn.Embedding(n, dim) for name, n in sizes.items()}
        self.mlp = nn.Sequential(nn.Linear(dim * len(sizes) + 1, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, cats, weight):
        parts = [self.emb[name](cats[:, i]) for i, name in enumerate(self.names)]
        return self.mlp(torch.cat(parts + [weight], dim=1)).squeeze(-1)


def r2(pred, true):
    return 1 - ((pred - true) ** 2).sum().item() / ((true - true.mean()) ** 2).sum().item()


cats, weight, fee = parcels()
fee = (fee - fee[:4000].mean()) / fee[:4000].std()
train_loader = DataLoader(ParcelData(cats[:4000], weight[:4000], fee[:4000]), batch_size=80, shuffle=True)
test = ParcelData(cats[4000:], weight[4000:], fee[4000:])

model = FeeModel(SIZES)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
loss_fn = nn.MSELoss()
for epoch in range(12):
    model.train()
    s = 0.0
    for c, w, f in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(c, w), f)
        loss.backward()
        optimizer.step()
        s += loss.item()
    model.eval()
    with torch.no_grad():
        p = model(test.cats, test.weight)
    print(f"epoch {epoch + 1:2d} | train mse {s / len(train_loader):.4f} | test R2 {r2(p, test.fee):.4f}")
