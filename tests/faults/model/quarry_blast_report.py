import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset, Subset


class BlastDataset(Dataset):
    """Geophone triplets; class = type of charge."""

    def __init__(self, n=2200, seed=0):
        g = torch.Generator().manual_seed(seed)
        self.label = torch.randint(0, 4, (n,), generator=g)
        t = torch.linspace(0, 1, 48)
        freq = torch.tensor([4.0, 6.0, 8.0, 10.0])[self.label] + 0.9 * torch.randn(n, generator=g)
        tau = torch.tensor([0.5, 0.3, 0.5, 0.3])[self.label]
        phase = torch.rand(n, 3, 1, generator=g) * 6.283
        wave = torch.sin(6.283 * freq.view(n, 1, 1) * t + phase) * torch.exp(-t / tau.view(n, 1, 1))
        self.wave = wave + 0.4 * torch.randn(n, 3, 48, generator=g)
        self.wave = (self.wave - self.wave.mean()) / self.wave.std()

    def __len__(self):
        return len(self.label)

    def __getitem__(self, i):
        return self.wave[i], self.label[i]


class BlastNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv1d(3, 16, 7, padding=3)
        self.b = nn.Conv1d(16, 24, 5, padding=2)
        self.head = nn.Linear(48, 4)

    def forward(self, x):
        x = F.max_pool1d(F.elu(self.a(x)), 2)
        x = F.elu(self.b(x))
        x = torch.cat([x.mean(-1), x.amax(-1)], 1)
        return self.head(x)


def train_epoch(model, loader, optimizer):
    model.train()
    total = 0.0
    for wave, label in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(wave), label)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(label)
    return total / len(loader.dataset)


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    total, correct = 0.0, 0
    for wave, label in loader:
        logits = model(wave)
        total += F.cross_entropy(logits, label).item()
        correct += (logits.argmax(1) == label).sum().item()
    return total / len(loader.dataset), correct / len(loader.dataset)


def main():
    torch.manual_seed(24)
    data = BlastDataset()
    train_loader = DataLoader(Subset(data, range(0, 1700)), batch_size=32, shuffle=True)
    test_loader = DataLoader(Subset(data, range(1700, 2200)), batch_size=32)
    model = BlastNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.85)
    for epoch in range(12):
        train_loss = train_epoch(model, train_loader, optimizer)
        test_loss, acc = evaluate(model, test_loader)
        scheduler.step()
        print(f"epoch {epoch}: train loss {train_loss:.4f} | test loss {test_loss:.4f} | test acc {acc:.4f}")
    print(f"final test loss {test_loss:.4f}")


main()
