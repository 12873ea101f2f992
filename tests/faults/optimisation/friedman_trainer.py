import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1
from torch.utils.data import DataLoader, TensorDataset


class Regressor(nn.Module):
    def __init__(self, d_in, width=32):
        super().__init__()
        self.hidden = nn.Linear(d_in, width)
        self.hidden2 = nn.Linear(width, width)
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        x = torch.relu(self.hidden(x))
        x = torch.relu(self.hidden2(x))
        return self.out(x).squeeze(-1)


class Trainer:
    def __init__(self, model, train_loader, valid_loader, lr=0.005, max_epochs=50):
        self.model = model
        self.train_loader = train_loader
        self.valid_loader = valid_loader
        self.max_epochs = max_epochs
        self.loss_fn = nn.MSELoss()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=lr)

    def training_step(self, batch):
        x, y = batch
        loss = self.loss_fn(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def validation(self):
        self.model.eval()
        se, n = 0.0, 0
        with torch.no_grad():
            for x, y in self.valid_loader:
                se += ((self.model(x) - y) ** 2).sum().item()
                n += len(y)
        return se / n

    def fit(self):
        for epoch in range(self.max_epochs):
            self.model.train()
            losses = [self.training_step(batch) for batch in self.train_loader]
            mse = self.validation()
            print(f"epoch={epoch} train_loss={np.mean(losses):.4f} valid_mse={mse:.4f}")
        return mse


def main():
    torch.manual_seed(0)
    X, y = make_friedman1(n_samples=2500, n_features=8, noise=0.5, random_state=0)
    X = (X - X[:2000].mean(0)) / X[:2000].std(0)
    y = (y - y[:2000].mean()) / y[:2000].std()
    X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
    train_loader = DataLoader(TensorDataset(X[:2000], y[:2000]), batch_size=100, shuffle=True)
    valid_loader = DataLoader(TensorDataset(X[2000:], y[2000:]), batch_size=250)
    trainer = Trainer(Regressor(8), train_loader, valid_loader)
    print("final valid_mse=%.4f" % trainer.fit())


if __name__ == "__main__":
    main()
