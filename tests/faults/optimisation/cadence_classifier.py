import math

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(33)

SURFACES = 5


def rides(n, steps=36):
    """Three-axis accelerometer windows from a bicycle on five kinds of surface."""
    label = torch.randint(0, SURFACES, (n,))
    t = torch.arange(steps).float()
    freq = (0.25 + 0.14 * label.float() + 0.03 * torch.randn(n))[:, None]
    phase = (2 * math.pi * torch.rand(n))[:, None]
    x = torch.sin(freq * t + phase)
    y = torch.cos(freq * t + phase) * (0.6 + 0.1 * label.float())[:, None]
    z = 0.7 * torch.sin(2 * freq * t)
    signal = torch.stack([x, y, z], dim=2)
    return signal + 0.5 * torch.randn_like(signal), label


class RideGRU(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gru = nn.GRU(3, hidden, num_layers=2, batch_first=True)
        self.head = nn.Linear(hidden, SURFACES)

    def forward(self, x):
        out, _ = self.gru(x)
        return self.head(out.mean(dim=1))


class Trainer:
    def __init__(self, model, train_set, val_set, lr):
        self.model = model
        self.train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
        self.val_loader = DataLoader(val_set, batch_size=256)
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        self.criterion = nn.CrossEntropyLoss()

    def train_epoch(self):
        self.model.train()
        losses = []
        for x, y in self.train_loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    @torch.no_grad()
    def accuracy(self):
        self.model.eval()
        correct = total = 0
        for x, y in self.val_loader:
            correct += (self.model(x).argmax(1) == y).sum().item()
            total += len(y)
        return correct / total

    def fit(self, epochs):
        for epoch in range(epochs):
            loss = self.train_epoch()
            print(f"epoch {epoch}: loss={loss:.4f} val_acc={self.accuracy():.4f}")


if __name__ == "__main__":
    data = TensorDataset(*rides(3000))
    train_set, val_set = random_split(data, [2400, 600], generator=torch.Generator().manual_seed(0))
    trainer = Trainer(RideGRU(), train_set, val_set, lr=0.05)
    trainer.fit(8)
    print(f"final val_acc={trainer.accuracy():.4f}")
