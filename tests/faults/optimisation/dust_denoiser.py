import argparse

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset


def get_args():
    p = argparse.ArgumentParser(description="convolutional denoising autoencoder")
    p.add_argument("--lr", type=float, default=2e-5)
    p.add_argument("--epochs", type=int, default=15)
    p.add_argument("--noise", type=float, default=0.8)
    p.add_argument("--seed", type=int, default=4)
    return p.parse_args()


class ConvAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(32, 32, 3, stride=2, padding=1), nn.ReLU())
        self.dec = nn.Sequential(
            nn.ConvTranspose2d(32, 32, 2, stride=2), nn.ReLU(),
            nn.ConvTranspose2d(32, 16, 2, stride=2), nn.ReLU(),
            nn.Conv2d(16, 1, 3, padding=1))

    def forward(self, x):
        return self.dec(self.enc(x))


def run_epoch(model, loader, noise, optimizer=None):
    model.train(optimizer is not None)
    total, count = 0.0, 0
    for (clean,) in loader:
        dusty = clean + noise * torch.randn_like(clean)
        with torch.set_grad_enabled(optimizer is not None):
            loss = nn.functional.mse_loss(model(dusty), clean)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += loss.item() * len(clean)
        count += len(clean)
    return total / count


def main():
    args = get_args()
    torch.manual_seed(args.seed)
    images = load_digits().images.astype(np.float32)
    images = torch.from_numpy((images - images.mean()) / images.std()).unsqueeze(1)
    images = images[torch.randperm(len(images))]
    train = DataLoader(TensorDataset(images[:1400]), batch_size=32, shuffle=True)
    valid = DataLoader(TensorDataset(images[1400:]), batch_size=200)

    model = ConvAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    for epoch in range(args.epochs):
        tr = run_epoch(model, train, args.noise, optimizer)
        va = run_epoch(model, valid, args.noise)
        print(f"epoch {epoch + 1:2d} | train {tr:.4f} | valid {va:.4f}")
    print(f"validation reconstruction error: {va:.4f}")


if __name__ == "__main__":
    main()
