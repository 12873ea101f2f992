import math
import torch
import torch.nn as nn

torch.manual_seed(5)


def simulate_plants(n, g):
    area = 40 + 80 * torch.rand(n, generator=g)
    tilt = 5 + 50 * torch.rand(n, generator=g)
    lat = 35 + 25 * torch.rand(n, generator=g)
    shade = torch.rand(n, generator=g) ** 2
    temp = 8 + 18 * torch.rand(n, generator=g)
    age = 20 * torch.rand(n, generator=g)
    irr = 1900 - 22 * (lat - 35)
    angle = torch.cos((tilt - (lat - 12)) * math.pi / 180)
    kwh = area * 0.2 * irr * angle * (1 - 0.6 * shade) * (1 - 0.005 * age) * (1 - 0.004 * (temp - 10))
    kwh = kwh / 10 * (1 + 0.03 * torch.randn(n, generator=g))
    return torch.stack([area, tilt, lat, shade, temp, age], 1), kwh


class YieldModel(nn.Module):
    def __init__(self, n_in=6, width=48):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(n_in, width), nn.Linear(width, width)])
        self.head = nn.Linear(width, 1)
        self.act = nn.SiLU()

    def forward(self, x):
        for layer in self.layers:
            x = self.act(layer(x))
        return self.head(x)[:, 0]


def batches(n, size):
    perm = torch.randperm(n)
    for i in range(0, n, size):
        yield perm[i:i + size]


g = torch.Generator().manual_seed(17)
X, kwh = simulate_plants(3600, g)
X = (X - X[:3000].mean(0)) / X[:3000].std(0)
offset, scale = 0.0, 1.0
y = (kwh - offset) / scale
Xtr, ytr, Xte, yte = X[:3000], y[:3000], X[3000:], y[3000:]

model = YieldModel()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=18, gamma=0.3)
criterion = nn.MSELoss()
for epoch in range(40):
    model.train()
    epoch_loss = 0
    for idx in batches(len(Xtr), 60):
        optimizer.zero_grad()
        loss = criterion(model(Xtr[idx]), ytr[idx])
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * len(idx) / len(Xtr)
    scheduler.step()
    if (epoch + 1) % 4 == 0:
        model.eval()
        with torch.no_grad():
            pred = model(Xte) * scale + offset
        mae = (pred - kwh[3000:]).abs().mean()
        print(f"epoch {epoch + 1}: train loss {epoch_loss:.4f}, test loss {criterion((pred - offset) / scale, yte).item():.4f}, test MAE {mae:.2f} kWh")
print(f"final test MAE {mae:.2f} kWh")
