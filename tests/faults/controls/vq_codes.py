"""Vector-quantised autoencoder for handwritten digits (discrete codes, learned codebook)."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset


class Quantiser(nn.Module):
    def __init__(self, n_codes=24, dim=8, beta=0.25):
        super().__init__()
        self.codebook = nn.Parameter(torch.randn(n_codes, dim) * 0.5)
        self.beta = beta

    def forward(self, z):
        flat = z.reshape(-1, z.shape[-1])
        nearest = torch.cdist(flat, self.codebook).argmin(1)
        q = self.codebook[nearest].view_as(z)
        loss = F.mse_loss(q, z.detach()) + self.beta * F.mse_loss(z, q.detach())
        return z + (q - z).detach(), nearest.view(z.shape[:-1]), loss


class VQAutoencoder(nn.Module):
    """Every image becomes eight code numbers."""

    def __init__(self, slots=8, dim=8):
        super().__init__()
        self.slots, self.dim = slots, dim
        self.encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, slots * dim))
        self.norm = nn.LayerNorm(dim)
        self.quantiser = Quantiser(dim=dim)
        self.decoder = nn.Sequential(nn.Linear(slots * dim, 128), nn.ReLU(), nn.Linear(128, 64))

    def forward(self, x):
        z = self.norm(self.encoder(x).view(-1, self.slots, self.dim))
        q, codes, vq_loss = self.quantiser(z)
        return self.decoder(q.flatten(1)), codes, vq_loss


def main():
    torch.manual_seed(14)
    x = torch.tensor(load_digits().data, dtype=torch.float32) / 16
    mean, std = x.mean(), x.std()
    x = ((x - mean) / std)[torch.randperm(len(x))]
    train_x, test_x = x[:1400], x[1400:]
    loader = DataLoader(TensorDataset(train_x), batch_size=35, shuffle=True)
    model = VQAutoencoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)
    for epoch in range(1, 41):
        model.train()
        rec_sum = vq_sum = 0.0
        for (batch,) in loader:
            rec, _, vq_loss = model(batch)
            rec_loss = F.mse_loss(rec, batch)
            optimizer.zero_grad()
            (rec_loss + vq_loss).backward()
            optimizer.step()
            rec_sum += rec_loss.item()
            vq_sum += vq_loss.item()
        scheduler.step()
        model.eval()
        with torch.no_grad():
            rec, codes, _ = model(test_x)
        test_mse = F.mse_loss(rec, test_x).item()
        if epoch % 4 == 0:
            print(f"epoch {epoch:2d} rec {rec_sum / len(loader):.4f} vq {vq_sum / len(loader):.4f} "
                  f"test {test_mse:.4f} codes in use {codes.unique().numel()}")
    print(f"test reconstruction MSE {test_mse:.4f}")


if __name__ == "__main__":
    main()
