"""Sparse coding of Raman spectra with a thresholded encoder and a linear dictionary."""
import numpy as np
import torch
from torch import nn

torch.manual_seed(6)
rng = np.random.default_rng(6)


def spectra(n, bins=48, minerals=10):
    axis = np.arange(bins)
    peaks = np.random.default_rng(1).uniform(2, bins - 2, (minerals, 2))
    basis = np.exp(-0.5 * ((axis - peaks[:, :1]) / 1.5) ** 2) + 0.6 * np.exp(-0.5 * ((axis - peaks[:, 1:]) / 2.5) ** 2)
    amount = rng.gamma(2.0, 0.5, (n, minerals)) * (rng.random((n, minerals)) < 0.35)
    x = amount @ basis + 0.05 * rng.normal(size=(n, bins))
    return torch.tensor(x, dtype=torch.float32)


class SparseCoder(nn.Module):
    def __init__(self, bins=48, atoms=40, threshold=1.5):
        super().__init__()
        self.threshold = threshold
        self.encoder = nn.Sequential(nn.Linear(bins, 64), nn.Tanh(), nn.Linear(64, atoms))
        self.dictionary = nn.Linear(atoms, bins)

    def forward(self, x):
        code = torch.relu(self.encoder(x) - self.threshold)
        return self.dictionary(code), code


x = spectra(1900)
mean, std = x[:1500].mean(0), x[:1500].std(0)
x = (x - mean) / std
train, held_out = x[:1500], x[1500:]
coder = SparseCoder()
opt = torch.optim.Adam(coder.parameters(), lr=4e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 36)

for epoch in range(36):
    coder.train()
    running = 0.0
    for rows in torch.randperm(len(train)).split(50):
        recon, code = coder(train[rows])
        loss = (recon - train[rows]).pow(2).mean() + 1e-4 * code.abs().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        running += loss.item() * len(rows)
    sched.step()
    if (epoch + 1) % 6 == 0:
        coder.eval()
        with torch.no_grad():
            val = (coder(held_out)[0] - held_out).pow(2).mean().item()
        print(f"epoch {epoch + 1}: train {running / len(train):.4f}  held-out {val:.4f}")

print(f"held-out reconstruction error {val:.4f}")
