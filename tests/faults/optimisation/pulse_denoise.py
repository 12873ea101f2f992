"""Denoising autoencoder for photoplethysmogram windows."""
import math
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class PulseWindows(Dataset):
    def __init__(self, n, seed, length=48):
        g = torch.Generator().manual_seed(seed)
        t = torch.linspace(0, 1, length)
        rate = 1.5 + 2.0 * torch.rand(n, 1, generator=g)
        phase = 2 * math.pi * torch.rand(n, 1, generator=g)
        notch = 0.3 + 0.4 * torch.rand(n, 1, generator=g)
        angle = 2 * math.pi * rate * t + phase
        clean = torch.sin(angle) + notch * torch.sin(2 * angle + 0.8)
        self.clean = clean / 0.8
        self.noisy = self.clean + 0.6 * torch.randn(n, length, generator=g)

    def __len__(self):
        return len(self.clean)

    def __getitem__(self, i):
        return self.noisy[i], self.clean[i]


class DenoisingAutoencoder(nn.Module):
    def __init__(self, length=48, code=12):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(length, 64), nn.Tanh(), nn.Linear(64, code))
        self.decoder = nn.Sequential(nn.Linear(code, 64), nn.Tanh(), nn.Linear(64, length))

    def forward(self, x):
        return self.decoder(self.encoder(x))


def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total = 0.0
    for noisy, clean in loader:
        loss = loss_fn(model(noisy), clean)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(noisy)
    return total / len(loader.dataset)


@torch.no_grad()
def test_epoch(model, loader, loss_fn):
    model.eval()
    return sum(loss_fn(model(noisy), clean).item() * len(noisy) for noisy, clean in loader) / len(loader.dataset)


def main():
    torch.manual_seed(27)
    train_loader = DataLoader(PulseWindows(4000, 1), batch_size=50, shuffle=True)
    test_loader = DataLoader(PulseWindows(1000, 2), batch_size=500)
    model = DenoisingAutoencoder()
    loss_fn = nn.SmoothL1Loss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.998)
    for epoch in range(1, 16):
        train_loss = train_epoch(model, train_loader, loss_fn, optimizer)
        test_loss = test_epoch(model, test_loader, loss_fn)
        print(f"Epoch {epoch:2d} | train loss {train_loss:.4f} | test loss {test_loss:.4f}")
    print(f"denoising error: {test_loss:.4f}")


if __name__ == "__main__":
    main()
