import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)


class VAE(nn.Module):
    def __init__(self, latent=6, hidden=96):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(64, hidden), nn.ReLU())
        self.mu = nn.Linear(hidden, latent)
        self.logvar = nn.Linear(hidden, latent)
        self.dec = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, 64))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp() if self.training else mu
        return self.dec(z), mu, logvar


def kl_divergence(mu, logvar):
    return -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(dim=1)


def criterion(logits, x, mu, logvar):
    rec = F.binary_cross_entropy_with_logits(logits, x)
    kl = kl_divergence(mu, logvar).mean()
    return rec + kl, rec, kl


def train_epoch(model, loader, opt):
    model.train()
    rec_sum = kl_sum = 0.0
    for (x,) in loader:
        opt.zero_grad()
        logits, mu, logvar = model(x)
        loss, rec, kl = criterion(logits, x, mu, logvar)
        loss.backward()
        opt.step()
        rec_sum += rec.item()
        kl_sum += kl.item()
    return rec_sum / len(loader), kl_sum / len(loader)


@torch.no_grad()
def reconstruction_error(model, x):
    model.eval()
    return (torch.sigmoid(model(x)[0]) - x).pow(2).mean().item()


def main():
    images = torch.tensor(load_digits().data / 16.0, dtype=torch.float32)
    train, test = train_test_split(images, test_size=0.2, random_state=0)
    loader = DataLoader(TensorDataset(train), batch_size=64, shuffle=True)
    model = VAE()
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 90)
    for epoch in range(1, 91):
        rec, kl = train_epoch(model, loader, opt)
        sched.step()
        if epoch % 10 == 0:
            print(f"epoch {epoch} rec {rec:.4f} kl {kl:.4f} test mse {reconstruction_error(model, test):.5f}")
    print(f"test reconstruction mse {reconstruction_error(model, test):.5f}")


if __name__ == "__main__":
    main()
