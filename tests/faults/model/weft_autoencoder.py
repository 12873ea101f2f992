"""Compress loom sensor frames to a short code; test error decides the code size we ship."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def frames(n, dim=40, factors=5, seed=0):
    g = torch.Generator().manual_seed(seed)
    z = torch.randn(n, factors, generator=g)
    w1 = torch.randn(factors, 24, generator=g) / factors ** 0.5
    w2 = torch.randn(24, dim, generator=g) / 24 ** 0.5
    x = torch.tanh(0.6 * z @ w1) @ w2
    return x + 0.1 * torch.randn(n, dim, generator=g)


class Coder(nn.Module):
    def __init__(self, dim, code):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(dim, 48), nn.ELU(), nn.Linear(48, code))
        self.decoder = nn.Sequential(nn.Linear(code, 48), nn.ELU(), nn.Linear(48, dim))

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Runner:
    def __init__(self, model, train_loader, test_loader, lr):
        self.model, self.train_loader, self.test_loader = model, train_loader, test_loader
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, 6, gamma=0.3)
        self.criterion = nn.MSELoss()

    def train_epoch(self):
        self.model.train()
        total = 0.0
        for (x,) in self.train_loader:
            loss = self.criterion(self.model(x), x)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.item()
        self.scheduler.step()
        return total / len(self.train_loader)

    def test_epoch(self):
        self.model.eval()
        total = 0.0
        with torch.no_grad():
            for (x,) in self.test_loader:
                total += self.criterion(self.model(x), x).item() * x.size(0)
        return total / len(self.test_loader)


if __name__ == "__main__":
    torch.manual_seed(0)
    x = frames(6000)
    x = (x - x[:5000].mean(0)) / x[:5000].std(0)
    train_loader = DataLoader(TensorDataset(x[:5000]), batch_size=100, shuffle=True)
    test_loader = DataLoader(TensorDataset(x[5000:]), batch_size=50)
    runner = Runner(Coder(40, 6), train_loader, test_loader, lr=5e-3)
    for epoch in range(1, 19):
        tr, te = runner.train_epoch(), runner.test_epoch()
        print(f"epoch {epoch:3d}  train {tr:.5f}  test {te:.5f}")
    print(f"test reconstruction error: {te:.5f}")
