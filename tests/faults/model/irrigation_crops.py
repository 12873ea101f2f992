"""Water demand of a field from soil and weather; one output layer for each crop, a common trunk."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

CROPS = ["maize", "wheat", "potato", "onion", "lucerne"]


class Fields(Dataset):
    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(n, 6))
        crop = rng.integers(0, len(CROPS), n)
        w = np.random.default_rng(77).normal(size=(len(CROPS), 6)) * 0.5
        thirst = np.array([0.6, -0.7, 0.2, -0.3, 1.0])
        shared = np.tanh(x[:, 0] + x[:, 1]) + 0.6 * x[:, 3]
        y = shared + 0.6 * (w[crop] * np.tanh(x)).sum(1) + 0.5 * thirst[crop] + rng.normal(0, 0.15, n)
        self.x = torch.tensor(x, dtype=torch.float32)
        self.crop = torch.tensor(crop)
        self.y = torch.tensor(y / 1.25, dtype=torch.float32)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.crop[i], self.y[i]


class DemandNet(nn.Module):
    def __init__(self, n_in, n_crops, width=48):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(n_in, width), nn.ELU(), nn.Linear(width, width), nn.ELU())
        head = nn.Linear(width, 1)
        self.heads = nn.ModuleList([head for _ in range(n_crops)])

    def forward(self, x, crop):
        h = self.trunk(x)
        every = torch.cat([head(h) for head in self.heads], dim=1)
        return every.gather(1, crop[:, None]).squeeze(1)


def step_epoch(model, loader, opt):
    model.train()
    total = 0.0
    for x, crop, y in loader:
        opt.zero_grad()
        loss = nn.functional.smooth_l1_loss(model(x, crop), y)
        loss.backward()
        opt.step()
        total += loss.item() * len(y)
    return total / len(loader.dataset)


@torch.no_grad()
def r2(model, data):
    model.eval()
    pred = model(data.x, data.crop)
    return 1 - ((pred - data.y) ** 2).mean().item() / data.y.var().item()


torch.manual_seed(9)
train, test = Fields(5000, 1), Fields(1500, 2)
loader = DataLoader(train, batch_size=100, shuffle=True)
model = DemandNet(6, len(CROPS))
opt = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-2)
scheduler = torch.optim.lr_scheduler.OneCycleLR(opt, 1e-2, epochs=16, steps_per_epoch=1)
for epoch in range(16):
    loss = step_epoch(model, loader, opt)
    scheduler.step()
    print(f"epoch {epoch}: loss {loss:.4f} R2 train {r2(model, train):.4f} test {r2(model, test):.4f}")
print(f"R2 on new fields {r2(model, test):.4f}")
