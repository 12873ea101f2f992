import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits


class Denoiser(nn.Module):
    def __init__(self, bottleneck=24):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, bottleneck))
        self.decoder = nn.Sequential(nn.ReLU(), nn.Linear(bottleneck, 64), nn.ReLU(), nn.Linear(64, 64), nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


def corrupt(clean, gen):
    noisy = clean + 0.35 * torch.randn(clean.shape, generator=gen)
    keep = (torch.rand(clean.shape, generator=gen) > 0.2).float()
    return ((noisy * keep) - 0.25) / 0.42


torch.manual_seed(19)
gen = torch.Generator().manual_seed(19)
order = np.random.default_rng(19).permutation(1797)
pixels = torch.tensor(load_digits().data[order] / 16.0, dtype=torch.float32)
train, valid = pixels[:1400], pixels[1400:]
valid_noisy = corrupt(valid, gen)

net = Denoiser()
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
epochs = 30
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs, eta_min=1e-4)
for epoch in range(1, epochs + 1):
    net.train()
    total = 0.0
    for idx in torch.randperm(len(train)).split(50):
        clean = train[idx]
        loss = F.binary_cross_entropy(net(corrupt(clean, gen)), clean)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    scheduler.step()
    if epoch % 5 == 0:
        net.eval()
        with torch.no_grad():
            val = F.binary_cross_entropy(net(valid_noisy), valid).item()
        print(f"epoch {epoch}  train bce {total / len(train):.4f}  valid bce {val:.4f}")

net.eval()
with torch.no_grad():
    error = F.mse_loss(net(valid_noisy), valid).item()
print(f"reconstruction MSE {error:.5f} (constant picture {F.mse_loss(train.mean(0).expand_as(valid), valid):.5f})")
