import numpy as np
import torch
from sklearn.datasets import make_friedman2
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split


class TurbineData(Dataset):
    def __init__(self, n=1000, seed=4):
        X, y = make_friedman2(n_samples=n, noise=60.0, random_state=seed)
        X = (X - X.mean(axis=0)) / X.std(axis=0)
        y = (y - y.mean()) / y.std()
        self.X = X.astype(np.float32)
        self.y = y.astype(np.float32)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.X[i], self.y[i]


def hidden(n_in, n_out):
    return [nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out), nn.SiLU()]


class PowerCurve(nn.Module):
    def __init__(self, n_in=4, width=24, depth=2):
        super().__init__()
        layers = hidden(n_in, width)
        for _ in range(depth - 1):
            layers += hidden(width, width)
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))

    def forward(self, x):
        return self.layers(x).flatten()


def run(model, loader, criterion, optimizer=None):
    model.train(optimizer is not None)
    total, count = 0.0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for x, y in loader:
            loss = criterion(model(x), y)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * len(y)
            count += len(y)
    return total / count


torch.manual_seed(9)
data = TurbineData()
train_set, val_set = random_split(data, [700, 300], generator=torch.Generator().manual_seed(0))
train_loader = DataLoader(train_set, batch_size=2, shuffle=True)
val_loader = DataLoader(val_set, batch_size=100)
model = PowerCurve()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
epochs = 8
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
for epoch in range(epochs):
    train_loss = run(model, train_loader, criterion, optimizer)
    val_loss = run(model, val_loader, criterion)
    scheduler.step()
    print(f"{epoch:02d}  train={train_loss:.4f}  val={val_loss:.4f}")
print(f"val loss at the end: {val_loss:.4f}")
