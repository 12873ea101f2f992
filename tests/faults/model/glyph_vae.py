import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader
from sklearn.datasets import load_digits


class GlyphVAE(nn.Module):
    def __init__(self, latent=8):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(64, 96), nn.ReLU())
        self.to_mu = nn.Linear(96, latent)
        self.to_logvar = nn.Linear(96, latent)
        self.dec = nn.Sequential(nn.Linear(latent, 96), nn.ReLU(), nn.Linear(96, 64))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.to_mu(h), self.to_logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar) if self.training else mu
        return self.dec(z), mu, logvar


def vae_loss(x_hat, x, mu, logvar):
    recon = F.mse_loss(x_hat, x)
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return recon + kld, recon, kld


def fit(model, train_loader, val, epochs=28, lr=5e-3):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for epoch in range(1, epochs + 1):
        model.train()
        total = torch.zeros(3)
        for x in train_loader:
            loss, recon, kld = vae_loss(*[*(out := model(x))[:1], x, *out[1:]])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += torch.tensor([loss.item(), recon.item(), kld.item()])
        scheduler.step()
        model.eval()
        with torch.no_grad():
            mse = F.mse_loss(model(val)[0], val).item()
        loss, recon, kld = (total / len(train_loader)).tolist()
        print(f"====> epoch {epoch} loss {loss:.3f} recon {recon:.3f} kld {kld:.3f} | val mse {mse:.4f}")
    return mse


if __name__ == "__main__":
    torch.manual_seed(1)
    glyphs = torch.tensor(load_digits().data, dtype=torch.float32)
    glyphs = (glyphs - glyphs.mean()) / glyphs.std()
    glyphs = glyphs[torch.randperm(len(glyphs))]
    loader = DataLoader(glyphs[:1400], batch_size=50, shuffle=True)
    mse = fit(GlyphVAE(), loader, glyphs[1400:])
    print(f"reconstruction MSE {mse:.4f}")
