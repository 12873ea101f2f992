import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman2
from torch.utils.data import DataLoader, TensorDataset


class FuelTrainer:
    def __init__(self, model, lr, patience=4):
        self.model = model
        self.optimizer = torch.optim.NAdam(model.parameters(), lr=lr)
        self.scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(self.optimizer, factor=0.3, patience=1)
        self.criterion = nn.MSELoss()
        self.patience = patience

    def train_epoch(self, loader):
        self.model.train()
        running = 0.0
        for x, y in loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            running += loss.item()
        return running / len(loader)

    def validate(self, loader):
        self.model.eval()
        total = 0.0
        with torch.no_grad():
            for x, y in loader:
                total += self.criterion(self.model(x), y).item() * len(y)
        return total / len(loader)

    def fit(self, train_loader, val_loader, epochs):
        best, since = np.inf, 0
        for epoch in range(epochs):
            train_loss = self.train_epoch(train_loader)
            val_loss = self.validate(val_loader)
            self.scheduler.step(val_loss)
            print(f"epoch {epoch:02d}  train_loss={train_loss:.4f}  val_loss={val_loss:.4f}")
            if val_loss < best:
                best, since = val_loss, 0
            else:
                since += 1
            if since >= self.patience:
                break
        return best


torch.manual_seed(23)
X, y = make_friedman2(n_samples=2500, noise=60.0, random_state=23)
X = (X - X[:2000].mean(0)) / X[:2000].std(0)
y = (y - y[:2000].mean()) / y[:2000].std()
X, y = torch.tensor(X).float(), torch.tensor(y).float()[:, None]
train_loader = DataLoader(TensorDataset(X[:2000], y[:2000]), batch_size=50, shuffle=True)
val_loader = DataLoader(TensorDataset(X[2000:], y[2000:]), batch_size=50)

model = nn.Sequential(nn.Linear(4, 40), nn.SiLU(), nn.Linear(40, 40), nn.SiLU(), nn.Linear(40, 1))
best = FuelTrainer(model, lr=2e-3).fit(train_loader, val_loader, epochs=20)
print(f"best validation loss {best:.4f}")
