"""Variational autoencoder of near-infrared spectra of ground nutmeg blends."""
import torch
import torch.nn as nn
import torch.nn.functional as F

CHANNELS, FACTORS, LATENT = 32, 4, 6


def spectra(n, gen):
    amount = torch.randn(n, FACTORS, generator=gen)
    grid = torch.linspace(0, 1, CHANNELS)
    centre = torch.tensor([0.2, 0.4, 0.62, 0.85])
    shift = 0.03 * torch.tanh(amount[:, :1])
    peaks = torch.exp(-((grid.view(1, 1, -1) - centre.view(1, -1, 1) - shift.unsqueeze(2)) / 0.12) ** 2)
    mixed = (amount.unsqueeze(2) * peaks).sum(1)
    mixed = mixed + 0.3 * (amount[:, 1:2] * amount[:, 2:3]) * torch.sin(6 * grid)
    return mixed + 0.1 * torch.randn(n, CHANNELS, generator=gen)


class SpectraVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(CHANNELS, 64), nn.ReLU(), nn.Linear(64, 2 * LATENT))
        self.dec = nn.Sequential(nn.Linear(LATENT, 64), nn.ReLU(), nn.Linear(64, CHANNELS))

    def encode(self, x):
        return self.enc(x).chunk(2, dim=1)

    def forward(self, x):
        mu, logvar = self.encode(x)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        return self.dec(z), mu, logvar


def objective(out, x, mu, logvar, noise_var=0.1):
    recon = F.mse_loss(out, x) / (2 * noise_var)
    kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(dim=1).mean()
    return recon + kl, recon, kl


def run():
    torch.manual_seed(17)
    gen = torch.Generator().manual_seed(18)
    train, test = spectra(6000, gen), spectra(1000, gen)
    mean, std = train.mean(0), train.std(0)
    train, test = (train - mean) / std, (test - mean) / std
    model = SpectraVAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    epochs = 24
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
    for epoch in range(1, epochs + 1):
        model.train()
        sums = torch.zeros(3)
        for idx in torch.randperm(len(train)).split(64):
            x = train[idx]
            out, mu, logvar = model(x)
            parts = objective(out, x, mu, logvar)
            optimizer.zero_grad()
            parts[0].backward()
            optimizer.step()
            sums += torch.stack(parts).detach() * len(idx)
        scheduler.step()
        loss, recon, kl = (sums / len(train)).tolist()
        if epoch % 2 == 0:
            print(f"epoch {epoch:2d}  loss {loss:.4f}  recon {recon:.4f}  kl {kl:.4f}")
    model.eval()
    with torch.no_grad():
        mu, logvar = model.encode(test)
        error = F.mse_loss(model.dec(mu), test).item()
        used = (mu.var(0) > 0.1).sum().item()
    print(f"latent units in use: {used} of {LATENT}")
    print(f"test reconstruction error: {error:.4f}")


run()
