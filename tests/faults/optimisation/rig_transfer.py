"""Pretrain on the old test rig, then adapt the same network to the new rig."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)
N_FAULTS, N_BANDS = 6, 32
basis = np.random.default_rng(100).normal(size=(N_FAULTS, N_BANDS))


def spectra(n, seed, rotate):
    g = np.random.default_rng(seed)
    y = g.integers(0, N_FAULTS, n)
    s = basis[y] + 1.1 * g.normal(size=(n, N_BANDS))
    s = np.roll(s, 1, axis=1) * 0.55 + s * 0.45 if rotate else s
    s = s / (1.1 if rotate else 1.5)
    return torch.tensor(s, dtype=torch.float32), torch.tensor(y)


def loader(x, y, size=32):
    return DataLoader(TensorDataset(x, y), batch_size=size, shuffle=True)


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


def pretrain(model, data, epochs):
    opt = torch.optim.Adam(model.parameters(), lr=2e-3)
    for ep in range(epochs):
        model.train()
        total = 0
        for x, y in data:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            total += loss.item()
        print(f"old rig, epoch {ep + 1}: loss {total / len(data):.4f}")


def adapt(model, data, epochs, x_val, y_val):
    opt = torch.optim.Adam(model.parameters(), lr=2e-3)
    for ep in range(epochs):
        model.train()
        total = 0
        for x, y in data:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            opt.step()
            total += loss.item()
        print(f"new rig, epoch {ep + 1}: loss {total / len(data):.4f}  val acc {accuracy(model, x_val, y_val):.4f}")


model = nn.Sequential(nn.Linear(N_BANDS, 40), nn.ReLU(), nn.Dropout(0.3), nn.Linear(40, N_FAULTS))
pretrain(model, loader(*spectra(1500, 1, rotate=False)), epochs=6)
x_val, y_val = spectra(800, 3, rotate=True)
adapt(model, loader(*spectra(1500, 2, rotate=True)), epochs=16, x_val=x_val, y_val=y_val)
print(f"new rig accuracy: {accuracy(model, x_val, y_val):.4f}")
