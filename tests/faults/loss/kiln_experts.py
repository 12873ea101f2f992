"""Mixture of experts for a furnace whose response changes with the operating zone."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split


def furnace(n, gen):
    x = torch.randn(n, 4, generator=gen)
    zone = (x[:, 0] > 0).long() * 2 + (x[:, 1] > 0).long()
    w = torch.tensor([[1.5, -1.0], [-1.2, 0.8], [0.3, 1.6], [-0.5, -1.4]])
    y = (w[zone] * x[:, 2:]).sum(1) + 0.1 * torch.randn(n, generator=gen)
    return x, (y - y.mean()) / y.std()


class Experts(nn.Module):
    def __init__(self, n_in, n_experts=6, width=12):
        super().__init__()
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(n_in, width), nn.Tanh(), nn.Linear(width, 1)) for _ in range(n_experts))
        self.gate = nn.Sequential(nn.Linear(n_in, 16), nn.Tanh(), nn.Linear(16, n_experts))

    def forward(self, x):
        weights = torch.softmax(self.gate(x), dim=0)
        outputs = torch.cat([expert(x) for expert in self.experts], dim=1)
        return (weights * outputs).sum(1)


def epoch_mse(model, loader, optimizer=None):
    total, n = 0.0, 0
    for xb, yb in loader:
        with torch.set_grad_enabled(optimizer is not None):
            loss = nn.functional.mse_loss(model(xb), yb)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += loss.item() * len(xb)
        n += len(xb)
    return total / n


def main():
    torch.manual_seed(6)
    data = TensorDataset(*furnace(3000, torch.Generator().manual_seed(6)))
    train, valid = random_split(data, [2400, 600])
    train_loader = DataLoader(train, batch_size=40, shuffle=True)
    valid_loader = DataLoader(valid, batch_size=40)
    model = Experts(4)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 15)
    for epoch in range(15):
        tr = epoch_mse(model, train_loader, optimizer)
        scheduler.step()
        va = epoch_mse(model, valid_loader)
        print(f"epoch {epoch + 1:02d} train mse {tr:.4f} valid mse {va:.4f}")


main()
