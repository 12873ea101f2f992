"""Vector-quantised autoencoder of short waveforms; the codebook follows running means."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class Codebook(nn.Module):
    def __init__(self, size, dim, decay=0.95):
        super().__init__()
        self.decay = decay
        vectors = torch.randn(size, dim) * 0.5
        self.register_buffer("vectors", vectors)
        self.register_buffer("count", torch.ones(size))
        self.register_buffer("total", vectors.clone())

    def forward(self, z):
        flat = z.reshape(-1, z.shape[-1])
        index = torch.cdist(flat.detach(), self.vectors).argmin(1)
        quantised = self.vectors[index].view_as(z)
        if self.training:
            with torch.no_grad():
                hot = F.one_hot(index, len(self.vectors)).float()
                self.count.mul_(self.decay).add_(hot.sum(0), alpha=1 - self.decay)
                self.total.mul_(self.decay).add_(hot.T @ flat, alpha=1 - self.decay)
                self.vectors.copy_(self.total / self.count.clamp(min=1e-3)[:, None])
                idle = self.count < 0.05
                if idle.any():
                    fresh = flat[torch.randint(len(flat), (int(idle.sum()),))]
                    self.vectors[idle], self.total[idle], self.count[idle] = fresh, fresh, 1.0
        commit = F.mse_loss(z, quantised)
        return z + (quantised - z).detach(), commit, index


class VQAutoencoder(nn.Module):
    def __init__(self, n_in=32, slots=4, dim=6, codes=32):
        super().__init__()
        self.slots, self.dim = slots, dim
        self.encoder = nn.Sequential(nn.Linear(n_in, 64), nn.ReLU(), nn.Linear(64, slots * dim))
        self.codebook = Codebook(codes, dim)
        self.decoder = nn.Sequential(nn.Linear(slots * dim, 64), nn.ReLU(), nn.Linear(64, n_in))

    def forward(self, x):
        z = self.encoder(x).view(-1, self.slots, self.dim)
        q, commit, index = self.codebook(z)
        return self.decoder(q.flatten(1)), commit, index


def waves(n, rng):
    t = np.linspace(0, 1, 32)
    f, p, a = rng.uniform(0.8, 2.2, (n, 1)), rng.uniform(0, 6.28, (n, 1)), rng.uniform(0.7, 1.7, (n, 1))
    return torch.tensor(a * np.sin(6.28 * f * t + p) + rng.normal(0, 0.1, (n, 32)), dtype=torch.float32)


torch.manual_seed(23)
rng = np.random.default_rng(23)
train, test = waves(6000, rng), waves(1000, rng)
model = VQAutoencoder()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
for epoch in range(20):
    model.train()
    total = 0.0
    for x in train[torch.randperm(len(train))].split(100):
        out, commit, _ = model(x)
        loss = F.mse_loss(out, x) + 0.25 * commit
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        out, _, index = model(test)
        error = F.mse_loss(out, test).item()
    print(f"epoch {epoch + 1:2d} loss {total / len(train):.4f} test {error:.4f} codes in use {index.unique().numel()}")
print(f"reconstruction error {error:.4f}")
