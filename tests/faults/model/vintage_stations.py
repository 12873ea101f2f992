"""Sugar content of grapes at twelve weather stations: MLP with batch normalisation, reported station by station."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(70)
STATIONS, FEATURES = 12, 8
climate = torch.randn(STATIONS, FEATURES)


def harvest(per_station):
    station = torch.arange(STATIONS).repeat_interleave(per_station)
    x = 0.5 * climate[station] + 0.7 * torch.randn(len(station), FEATURES)
    sugar = 1.2 * x[:, 0] + x[:, 1] * x[:, 2] - torch.relu(x[:, 3]) + 0.8 * torch.sin(2 * x[:, 4]) + 0.5 * x[:, 5]
    return x, sugar + 0.2 * torch.randn(len(sugar)), station


x, sugar, _ = harvest(200)
x_new, sugar_new, station_new = harvest(40)
mx, sx, my, sy = x.mean(0), x.std(0), sugar.mean(), sugar.std()
x, x_new = (x - mx) / sx, (x_new - mx) / sx
sugar, sugar_new = (sugar - my) / sy, (sugar_new - my) / sy

model = nn.Sequential(
    nn.Linear(FEATURES, 64), nn.BatchNorm1d(64), nn.ReLU(),
    nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(),
    nn.Linear(64, 1))
loader = DataLoader(TensorDataset(x, sugar), batch_size=64, shuffle=True, drop_last=True)
optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30)


def train_one_epoch():
    model.train()
    losses = []
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(xb).squeeze(1), yb)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    return sum(losses) / len(losses)


def station_report():
    squared = []
    with torch.no_grad():
        for s in range(STATIONS):
            rows = station_new == s
            squared.append((model(x_new[rows]).squeeze(1) - sugar_new[rows]) ** 2)
    return [e.mean().item() ** 0.5 for e in squared], torch.cat(squared).mean().item()


for epoch in range(30):
    train_mse = train_one_epoch()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1:2d}  train mse {train_mse:.4f}  new-season mse {station_report()[1]:.4f}")

by_station, mse = station_report()
print("rmse by station:", " ".join(f"{r:.2f}" for r in by_station))
print(f"new-season MSE {mse:.4f}")
