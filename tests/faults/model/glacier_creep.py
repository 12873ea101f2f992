"""Total creep of a glacier over a season from a daily record of pressure and melt, with a recurrent network."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

DAYS = 40


class Flow(nn.Module):
    def __init__(self, n_in, n_state, width=32):
        super().__init__()
        self.lift = nn.Linear(n_in + n_state, width)
        self.drop = nn.Linear(width, n_state)

    def forward(self, x, h):
        return self.drop(nn.functional.softplus(self.lift(torch.cat([x, h], dim=1))))


class CreepNet(nn.Module):
    """State h follows dh/dt = flow(x, h) through the season."""

    def __init__(self, n_state=12):
        super().__init__()
        self.n_state = n_state
        self.flow = Flow(2, n_state)
        self.readout = nn.Linear(n_state, 1)

    def forward(self, x):
        h = x.new_zeros(x.size(0), self.n_state)
        for day in range(x.size(1)):
            h = h + self.flow(x[:, day], h)
        return self.readout(h).squeeze(1)


def seasons(n, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, DAYS, 2, generator=g)
    y = (x[..., 0] * torch.sigmoid(2 * x[..., 1])).sum(1) + 1.2 * torch.randn(n, generator=g)
    return x, y


def main():
    torch.manual_seed(2)
    xtr, ytr = seasons(2000, 10)
    xte, yte = seasons(500, 11)
    m, s = ytr.mean(), ytr.std()
    ytr, yte = (ytr - m) / s, (yte - m) / s
    loader = DataLoader(TensorDataset(xtr, ytr), batch_size=50, shuffle=True)
    net = CreepNet()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 14)
    for epoch in range(14):
        net.train()
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(net(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        scheduler.step()
        net.eval()
        with torch.no_grad():
            test = nn.functional.mse_loss(net(xte), yte).item()
        print(f"epoch {epoch + 1}: train {total / len(xtr):.4f} test {test:.4f}")
    print(f"test MSE {test:.4f}")


if __name__ == "__main__":
    main()
