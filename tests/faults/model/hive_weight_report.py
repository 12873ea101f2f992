import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(20)


def hive_series(n, days=14):
    """Daily scale readings and weather of a hive; the target is the next day's gain."""
    temp = torch.randn(n, days).cumsum(1) * 0.3 + torch.randn(n, 1)
    flow = torch.sigmoid(temp) * torch.rand(n, 1).mul(2)
    gain = flow + 0.2 * torch.randn(n, days)
    x = torch.stack([temp, gain], -1)
    y = (0.6 * gain[:, -3:].mean(1) + 0.8 * torch.tanh(temp[:, -1] - temp[:, -4]) + 0.15 * torch.randn(n)).unsqueeze(1)
    x = (x - x.mean((0, 1))) / x.std((0, 1))
    return TensorDataset(x, (y - y.mean()) / y.std())


class GainModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 24, batch_first=True)
        self.fc = nn.Linear(24, 1)

    def forward(self, x):
        return self.fc(self.lstm(x)[0][:, -1])


def validate(model, loader, criterion):
    model.eval()
    total = 0.0
    with torch.no_grad():
        for x, y in loader:
            total += criterion(model(x), y).item()
    return total / len(loader.dataset)


def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * x.size(0)
    return total / len(loader.dataset)


train_set, val_set = hive_series(1500), hive_series(400)
train_loader = DataLoader(train_set, batch_size=50, shuffle=True)
val_loader = DataLoader(val_set, batch_size=50)
model = GainModel()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=8e-3)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)

for epoch in range(18):
    train_loss = train_one_epoch(model, train_loader, criterion, optimizer)
    val_loss = validate(model, val_loader, criterion)
    scheduler.step()
    print(f"epoch {epoch + 1:2d}  train {train_loss:.4f}  val {val_loss:.5f}")

print(f"final validation loss: {val_loss:.5f}")
