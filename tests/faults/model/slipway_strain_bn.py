"""Strain at a slipway cradle from hull position: small MLP with batch norm."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(77)
BATCH_SIZE = 2
EPOCHS = 6

x = torch.randn(1500, 6)
strain = torch.sin(x[:, 0]) + 0.5 * x[:, 1] - 0.5 * x[:, 2].abs() + 0.4 * x[:, 3] + 0.25 * torch.randn(1500)
strain = ((strain - strain[:1100].mean()) / strain[:1100].std()).unsqueeze(1)
train_loader = DataLoader(TensorDataset(x[:1100], strain[:1100]), batch_size=BATCH_SIZE, shuffle=True, drop_last=True)
x_val, y_val = x[1100:], strain[1100:]


def block(i, o):
    return [nn.Linear(i, o), nn.BatchNorm1d(o), nn.ReLU()]


model = nn.Sequential(*block(6, 48), *block(48, 48), nn.Linear(48, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.65)
criterion = nn.MSELoss()

for epoch in range(1, EPOCHS + 1):
    model.train()
    total = 0.0
    for xb, yb in train_loader:
        loss = criterion(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    scheduler.step()
    model.eval()
    with torch.no_grad():
        val = criterion(model(x_val), y_val).item()
    print(f"epoch {epoch} train mse {total / len(train_loader):.4f} val mse {val:.4f}")

print(f"val mse after training: {val:.4f}")
