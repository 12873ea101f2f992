import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(77)
rng = np.random.default_rng(77)
SITES = ["alpine", "bog", "coast", "dune", "forest"]


class Germination(Dataset):
    def __init__(self, n, weights):
        self.site = rng.integers(0, len(SITES), n)
        self.x = rng.normal(size=(n, 6)).astype("float32")
        z = np.einsum("nd,ndk->nk", self.x, weights[self.site])
        y = np.tanh(z[:, 0]) * 1.5 + z[:, 1] * 0.8 + rng.normal(0, 0.2, n)
        self.y = ((y - 0.0) / 1.45).astype("float32")

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.site[i], self.y[i]


class SiteModel(nn.Module):
    def __init__(self, d_in=6, width=32):
        super().__init__()
        self.adapters = {name: nn.Linear(d_in, width) for name in SITES}
        self.body = nn.Sequential(nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.head = nn.Linear(width, 1)

    def forward(self, x, site):
        h = torch.stack([self.adapters[name](x) for name in SITES], dim=1)
        h = h[torch.arange(len(x)), site]
        return self.head(self.body(h)).squeeze(-1)


weights = rng.normal(size=(len(SITES), 6, 2)) / np.sqrt(3)
train_loader = DataLoader(Germination(2500, weights), batch_size=64, shuffle=True)
val_loader = DataLoader(Germination(700, weights), batch_size=350)

model = SiteModel()
print("parameters:", sum(p.numel() for p in model.parameters()))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=2e-4)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=15, gamma=0.3)
criterion = nn.MSELoss()

for epoch in range(35):
    model.train()
    for x, site, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x, site), y)
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        val = np.mean([criterion(model(x, s), y).item() for x, s, y in val_loader])
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1:3d}  last batch {loss.item():.4f}  val mse {val:.4f}")

print(f"final val mse {val:.4f}")
