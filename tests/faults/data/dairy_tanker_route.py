"""Litres collected on a dairy tanker's route, from the sequence of farms visited (small transformer encoder)."""
import math
import torch
import torch.nn as nn

torch.manual_seed(17)
N, STOPS, FEATS = 2000, 10, 6

farm = torch.randn(N, STOPS, FEATS)
herd = torch.exp(0.35 * farm[..., 0] + 0.2 * farm[..., 1])
yield_per_cow = 14 + 3 * torch.tanh(farm[..., 2]) + 2 * farm[..., 3] * (farm[..., 4] > 0)
litres = (herd * yield_per_cow).sum(dim=1) * 1.8 + 6 * torch.randn(N)

x_train, x_test = farm[:1600], farm[1600:]
y_train, y_test = litres[:1600], litres[1600:]
shift, scale = 0.0, 1.0
print(f"train routes {len(x_train)}, litres mean {y_train.mean():.1f} sd {y_train.std():.1f}")


class RouteEncoder(nn.Module):
    def __init__(self, d_model=32, heads=4, layers=1):
        super().__init__()
        self.inp = nn.Linear(FEATS, d_model)
        layer = nn.TransformerEncoderLayer(d_model, heads, 64, dropout=0.0, batch_first=True)
        self.enc = nn.TransformerEncoder(layer, layers)
        self.out = nn.Sequential(nn.Linear(d_model, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        h = self.enc(self.inp(x))
        return self.out(h.mean(dim=1)).squeeze(-1)


def iterate(x, y, size):
    for idx in torch.randperm(len(x)).split(size):
        yield x[idx], y[idx]


def r_squared(model):
    model.eval()
    with torch.no_grad():
        pred = model(x_test) * scale + shift
    return (1 - ((pred - y_test) ** 2).sum() / ((y_test - y_test.mean()) ** 2).sum()).item()


model = RouteEncoder()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
loss_fn = nn.MSELoss()
EPOCHS = 20
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
for epoch in range(EPOCHS):
    model.train()
    acc = 0.0
    for xb, yb in iterate(x_train, (y_train - shift) / scale, 32):
        loss = loss_fn(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        acc += loss.item() * len(xb)
    schedule.step()
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1:2d}  rmse {math.sqrt(acc / len(x_train)) * scale:.2f}  test R2 {r_squared(model):.4f}")

print(f"test R2: {r_squared(model):.4f}")
