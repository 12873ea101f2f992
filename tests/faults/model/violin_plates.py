"""Tap tones of violin plates: a variational autoencoder for 48-bin spectra, to spot odd plates later."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader

BINS, LATENT = 48, 4


def tap_tones(n, seed):
    rng = np.random.default_rng(seed)
    f = np.linspace(0, 1, BINS)
    arch = rng.normal(0, 1, (n, 1))
    thickness = rng.normal(0, 1, (n, 1))
    varnish = rng.normal(0, 1, (n, 1))
    peak = lambda c, w, a: a * np.exp(-((f - c) / w) ** 2)
    s = peak(0.25 + 0.04 * arch, 0.09, 1.2) + peak(0.55 + 0.05 * thickness, 0.1, 1.0)
    s = s + peak(0.82, 0.08, 0.8 + 0.35 * varnish) - 0.25 * varnish * f
    return (s + rng.normal(0, 0.06, (n, BINS))).astype(np.float32)


class PlateVAE(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(BINS, hidden), nn.SiLU(), nn.Linear(hidden, 2 * LATENT))
        self.decoder = nn.Sequential(nn.Linear(LATENT, hidden), nn.SiLU(), nn.Linear(hidden, BINS))

    def forward(self, x):
        mu, log_var = self.encoder(x).chunk(2, dim=1)
        z = mu
        if self.training:
            z = mu + torch.randn_like(mu) * torch.exp(0.5 * log_var)
        return self.decoder(z), mu, log_var


def objective(x, out, mu, log_var):
    recon = F.mse_loss(out, x)
    kl = -0.5 * (1 + log_var - mu ** 2 - log_var.exp()).sum(dim=1).mean()
    return recon + kl, recon, kl


def explained(model, x):
    model.eval()
    with torch.no_grad():
        out = model(x)[0]
    return 1 - (((out - x) ** 2).sum() / ((x - x.mean(0)) ** 2).sum()).item()


def main():
    torch.manual_seed(33)
    raw, raw_test = tap_tones(2000, 33), tap_tones(400, 34)
    centre, spread = raw.mean(0), raw.std(0)
    x_train = torch.from_numpy((raw - centre) / spread)
    x_test = torch.from_numpy((raw_test - centre) / spread)
    loader = DataLoader(x_train, batch_size=64, shuffle=True)
    model = PlateVAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 24)
    for epoch in range(24):
        model.train()
        sums = np.zeros(3)
        for x in loader:
            loss, recon, kl = objective(x, *model(x))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            sums += np.array([loss.item(), recon.item(), kl.item()]) * len(x)
        scheduler.step()
        loss, recon, kl = sums / len(x_train)
        print(f"epoch {epoch + 1:2d} loss {loss:.4f} (recon {recon:.4f}, kl {kl:.4f})")
    print(f"variance explained, train: {explained(model, x_train):.4f}")
    print(f"variance explained, test: {explained(model, x_test):.4f}")


if __name__ == "__main__":
    main()
