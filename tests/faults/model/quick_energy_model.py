import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(29)
EPOCHS = 4
N = 3000
x = torch.rand(N, 6) * 2 - 1
y = torch.sin(3 * x[:, 0] * x[:, 1]) + x[:, 2] ** 2 - 0.7 * x[:, 3].abs() + 0.5 * x[:, 4] * x[:, 5] + 0.05 * torch.randn(N)
x = x / 0.577
n_tr = 2400
y = (y - y[:n_tr].mean()) / y[:n_tr].std()
train_dl = DataLoader(TensorDataset(x[:n_tr], y[:n_tr]), batch_size=64, shuffle=True)
val_dl = DataLoader(TensorDataset(x[n_tr:], y[n_tr:]), batch_size=600)


class EnergyModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1)


def evaluate(model):
    model.eval()
    with torch.no_grad():
        return sum(nn.functional.mse_loss(model(a), b, reduction="sum").item() for a, b in val_dl) / (N - n_tr)


model = EnergyModel()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
for epoch in range(EPOCHS):
    model.train()
    total = 0.0
    for a, b in train_dl:
        loss = nn.functional.mse_loss(model(a), b)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(a)
    val = evaluate(model)
    print(f"epoch {epoch + 1}/{EPOCHS} train {total / n_tr:.4f} val {val:.4f}")
print(f"final val {val:.4f}")
