"""Uranium-lead lab: tell five zircon populations from time-resolved counts, with a small 1-d ResNet."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)
torch.set_num_threads(1)

LENGTH, POPULATIONS = 48, 5
EPOCHS = 10


def ablations(n):
    y = torch.randint(0, POPULATIONS, (n,))
    t = torch.linspace(0, 1, LENGTH)
    slope = torch.tensor([-0.8, -0.3, 0.0, 0.3, 0.8])[y][:, None]
    rim = torch.tensor([0.3, 0.7, 0.5, 0.3, 0.7])[y][:, None] + 0.05 * torch.randn(n, 1)
    u = slope * t + 0.8 * torch.sigmoid((t - rim) * 25) + 0.8 * torch.randn(n, LENGTH)
    pb = 0.6 * u.roll(3, 1) + 0.5 * torch.sin(6 * t) + 0.8 * torch.randn(n, LENGTH)
    return torch.stack([u, pb], 1), y


class Block(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(ch, ch, 5, padding=2, bias=False), nn.BatchNorm1d(ch), nn.ReLU(),
            nn.Conv1d(ch, ch, 5, padding=2, bias=False), nn.BatchNorm1d(ch),
        )

    def forward(self, x):
        return torch.relu(x + self.body(x))


class ZirconNet(nn.Module):
    def __init__(self, ch=16):
        super().__init__()
        self.stem = nn.Conv1d(2, ch, 5, padding=2)
        self.blocks = nn.Sequential(Block(ch), nn.MaxPool1d(2), Block(ch), nn.MaxPool1d(2))
        self.head = nn.Linear(ch * (LENGTH // 4), POPULATIONS)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).flatten(1))


class Fitter:
    def __init__(self, model, loader):
        self.model, self.loader = model, loader
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-3)
        self.scheduler = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, gamma=0.8)

    def one_epoch(self):
        self.model.train()
        total = 0.0
        for x, y in self.loader:
            self.optimizer.zero_grad()
            loss = nn.functional.cross_entropy(self.model(x), y, label_smoothing=0.05)
            loss.backward()
            self.optimizer.step()
            self.scheduler.step()
            total += loss.item()
        return total / len(self.loader)

    @torch.no_grad()
    def accuracy(self, x, y):
        self.model.eval()
        return (self.model(x).argmax(1) == y).float().mean().item()


x, y = ablations(2400)
fitter = Fitter(ZirconNet(), DataLoader(TensorDataset(x[:1800], y[:1800]), batch_size=60, shuffle=True))
for epoch in range(EPOCHS):
    loss = fitter.one_epoch()
    print(f"epoch {epoch + 1:2d}: loss {loss:.4f}, test accuracy {fitter.accuracy(x[1800:], y[1800:]):.4f}")
