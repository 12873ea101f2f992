"""28-day strength of cement samples from mix and curing data (standardised strength, regression)."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(33)
micro = 2                  # samples that fit on the card of the lab PC
effective = 32             # what we want an update to be made of
accumulate = effective // micro


def mixes(n):
    x = torch.rand(n, 8) * 2 - 1      # water ratio, clinker, slag, ash, plasticiser, temperature, humidity, grind
    y = 1.6 * x[:, 0] - 1.2 * x[:, 1] * x[:, 5] + torch.sin(3 * x[:, 2]) + 0.8 * x[:, 3] ** 2 - x[:, 6] * x[:, 7]
    y = y + 0.5 * torch.relu(x[:, 4] + x[:, 5]) + 0.15 * torch.randn(n)
    return x / 0.577, y


x_train, y_train = mixes(2048)
x_test, y_test = mixes(1000)
mean, std = y_train.mean(), y_train.std()
y_train, y_test = (y_train - mean) / std, (y_test - mean) / std


class StrengthNet(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        layers, n = [], 8
        for _ in range(2):
            layers += [nn.Linear(n, width), nn.BatchNorm1d(width), nn.ReLU()]
            n = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(n, 1)

    def forward(self, x):
        return self.head(self.body(x)).squeeze(1)


net = StrengthNet()
loader = DataLoader(TensorDataset(x_train, y_train), batch_size=micro, shuffle=True, drop_last=True)
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
epochs = 8
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, total_steps=epochs * (len(loader) // accumulate))
mse = nn.MSELoss()

for epoch in range(epochs):
    net.train()
    train_loss = 0.0
    optimizer.zero_grad()
    for k, (xb, yb) in enumerate(loader, 1):
        loss = mse(net(xb), yb)
        (loss / accumulate).backward()
        train_loss += loss.item()
        if k % accumulate == 0:
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()

    net.eval()
    with torch.no_grad():
        pred = net(x_test)
        test_loss = mse(pred, y_test).item()
    r2 = 1 - test_loss / y_test.var(unbiased=False).item()
    print(f"Epoch {epoch + 1}/{epochs} - train: {train_loss / len(loader):.4f} - test: {test_loss:.4f} - R^2: {r2:.4f}")

worst = (pred - y_test).abs().topk(3).indices.tolist()
print("worst predicted samples:", worst)
print(f"Test R^2 {r2:.4f}")
