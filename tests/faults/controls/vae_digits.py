"""Variational autoencoder, 2-layer encoder/decoder, four latent dimensions."""
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader

parser = argparse.ArgumentParser(description="VAE digits")
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--epochs", type=int, default=40)
parser.add_argument("--latent", type=int, default=4)
parser.add_argument("--lr", type=float, default=3e-3)
args = parser.parse_args()
torch.manual_seed(1)

images = torch.tensor(load_digits().data / 16.0, dtype=torch.float32)
images = images[torch.randperm(len(images))]
train_loader = DataLoader(images[:1400], batch_size=args.batch_size, shuffle=True)
test_loader = DataLoader(images[1400:], batch_size=400)


class VAE(nn.Module):
    def __init__(self, latent):
        super().__init__()
        self.fc1 = nn.Linear(64, 48)
        self.fc21 = nn.Linear(48, latent)
        self.fc22 = nn.Linear(48, latent)
        self.fc3 = nn.Linear(latent, 48)
        self.fc4 = nn.Linear(48, 64)

    def encode(self, x):
        h = F.relu(self.fc1(x))
        return self.fc21(h), self.fc22(h)

    def reparameterize(self, mu, logvar):
        return mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x)
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


def loss_function(recon_x, x, mu, logvar):
    BCE = F.binary_cross_entropy(recon_x, x, reduction="sum")
    KLD = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return BCE + KLD


model = VAE(args.latent)
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
for epoch in range(1, args.epochs + 1):
    model.train()
    train_loss = 0
    for x in train_loader:
        optimizer.zero_grad()
        loss = loss_function(*((out := model(x))[0], x, out[1], out[2]))
        loss.backward()
        train_loss += loss.item()
        optimizer.step()
    scheduler.step()
    model.eval()
    test_loss = 0
    with torch.no_grad():
        for x in test_loader:
            recon, mu, logvar = model(x)
            test_loss += loss_function(recon, x, mu, logvar).item()
    if epoch % 4 == 0:
        print(f"====> Epoch: {epoch} train loss per image: {train_loss / 1400:.4f} test loss per image: {test_loss / len(images[1400:]):.4f}")
