"""Final heave of a pontoon from its forcing: latent state stepped through the series by an Euler rule."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def simulate(n, steps=60, dt=0.1, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(steps) * dt
    force = np.zeros((n, steps))
    for _ in range(3):
        force += rng.normal(0, 1, (n, 1)) * np.sin(rng.uniform(0.5, 4, (n, 1)) * t + rng.uniform(0, 6.3, (n, 1)))
    z, v = np.zeros(n), np.zeros(n)
    for k in range(steps):
        v = v + dt * (force[:, k] - 0.6 * v - 1.5 * z - 0.3 * z ** 3)
        z = z + dt * v
    return force.astype(np.float32)[:, :, None], np.stack([z, v], axis=1).astype(np.float32)


class LatentODE(nn.Module):
    def __init__(self, latent=16, hidden=32, dt=0.1):
        super().__init__()
        self.latent, self.dt = latent, dt
        self.field = nn.Sequential(nn.Linear(latent + 1, hidden), nn.ReLU(), nn.Linear(hidden, latent))
        self.readout = nn.Linear(latent, 2)

    def forward(self, force):
        h = force.new_zeros(force.size(0), self.latent)
        for k in range(force.size(1)):
            dh = self.field(torch.cat([h, force[:, k]], dim=1))
            h = h + dh
        return self.readout(h)


def evaluate(model, loader):
    model.eval()
    with torch.no_grad():
        err = sum(((model(x) - y) ** 2).sum().item() for x, y in loader)
    return err / (2 * len(loader.dataset))


def main():
    torch.manual_seed(6)
    force, state = simulate(1600, seed=6)
    force = (force - force[:1200].mean()) / force[:1200].std()
    state = (state - state[:1200].mean(0)) / state[:1200].std(0)
    force, state = torch.from_numpy(force), torch.from_numpy(state)
    train = DataLoader(TensorDataset(force[:1200], state[:1200]), batch_size=40, shuffle=True)
    valid = DataLoader(TensorDataset(force[1200:], state[1200:]), batch_size=200)
    model = LatentODE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
    loss_fn = nn.MSELoss()
    for epoch in range(20):
        model.train()
        total = 0.0
        for x, y in train:
            loss = loss_fn(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        scheduler.step()
        print(f"epoch {epoch + 1:2d}  train {total / 1200:.5g}  valid {evaluate(model, valid):.5g}")
    print(f"share of variance explained: {1 - evaluate(model, valid):.4f}")


if __name__ == "__main__":
    main()
