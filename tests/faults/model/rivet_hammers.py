"""Energy of a rivet from the 32-sample recoil trace of the hammer; a hand-written recurrent cell."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

STEPS = 32


def recoil(n, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(STEPS) / STEPS
    energy = rng.uniform(0.5, 2.0, n)
    stiffness = rng.uniform(2.0, 5.0, n)
    damping = rng.uniform(0.5, 2.5, n)
    wave = energy[:, None] * np.exp(-damping[:, None] * t) * np.sin(2 * np.pi * stiffness[:, None] * t)
    load = 0.3 * energy[:, None] * t ** 2
    x = np.stack([wave, load], axis=2) + rng.normal(0, 0.07, (n, STEPS, 2))
    target = energy * (1 - np.exp(-damping))
    x = (x - x.mean((0, 1))) / x.std((0, 1))
    target = (target - target.mean()) / target.std()
    return torch.tensor(x, dtype=torch.float32), torch.tensor(target, dtype=torch.float32)


class RecoilCell(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.from_input = nn.Linear(inputs, hidden)
        self.from_state = nn.Linear(hidden, hidden, bias=False)

    def forward(self, x, h):
        update = torch.relu(self.from_input(x) + self.from_state(h))
        return h + update


class RecoilRNN(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.hidden = hidden
        self.cell = RecoilCell(2, hidden)
        self.head = nn.Sequential(nn.Linear(hidden, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        h = torch.zeros(x.size(0), self.hidden)
        for t in range(x.size(1)):
            h = self.cell(x[:, t], h)
        return self.head(h).squeeze(1)


def main():
    torch.manual_seed(2)
    data = TensorDataset(*recoil(1500, seed=2))
    train, test = random_split(data, [1200, 300])
    train_loader = DataLoader(train, batch_size=60, shuffle=True)
    test_loader = DataLoader(test, batch_size=300)
    model = RecoilRNN()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=13)
    criterion = nn.MSELoss()
    for epoch in range(13):
        model.train()
        total = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        scheduler.step()
        model.eval()
        with torch.no_grad():
            mse = sum(criterion(model(x), y).item() * len(y) for x, y in test_loader) / len(test)
        print(f"epoch {epoch + 1:2d} | train mse {total / len(train):.5g} | test mse {mse:.5g}")
    print(f"test mse: {mse:.6f}")


if __name__ == "__main__":
    main()
