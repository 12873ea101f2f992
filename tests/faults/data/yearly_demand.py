import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

rng = np.random.default_rng(0)
torch.manual_seed(0)

n = 2000
year = rng.uniform(1990, 2022, n)
temperature = rng.normal(0, 1, n)
demand = 0.08 * (year - 2006) + np.sin((year - 1990) / 4) + 0.5 * temperature ** 2 + 0.1 * rng.normal(size=n)
demand = (demand - demand.mean()) / demand.std()

X = np.stack([year, temperature], axis=1)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(demand, dtype=torch.float32).unsqueeze(1)
train_ds = TensorDataset(X[:1600], y[:1600])
loader = DataLoader(train_ds, batch_size=32, shuffle=True)


class DemandModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(2, 64)
        self.mid = nn.Linear(64, 64)
        self.out = nn.Linear(64, 1)

    def forward(self, x):
        x = torch.relu(self.inp(x))
        x = torch.relu(self.mid(x))
        return self.out(x)


model = DemandModel()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
loss_fn = nn.MSELoss()
for epoch in range(1, 25):
    model.train()
    for xb, yb in loader:
        loss = loss_fn(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 6 == 0:
        model.eval()
        with torch.no_grad():
            mse = loss_fn(model(X[1600:]), y[1600:]).item()
        print(f"after {epoch} epochs: validation MSE {mse:.4f}")
