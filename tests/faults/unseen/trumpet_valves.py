"""Autoencoder of trumpet valve pressure traces; how well does it rebuild unseen ones?"""
import argparse
import math

import torch
from torch import nn
from torch.utils.data import DataLoader


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--code", type=int, default=6)
    p.add_argument("--lr", type=float, default=2e-5)
    p.add_argument("--epochs", type=int, default=25)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--seed", type=int, default=23)
    return p.parse_args([])


def traces(n, length=50):
    t = torch.linspace(0, 1, length)
    press = 0.15 + 0.2 * torch.rand(n, 1)
    hold = 0.25 + 0.3 * torch.rand(n, 1)
    force = 0.7 + 0.6 * torch.rand(n, 1)
    ring = 0.4 * torch.rand(n, 1)
    down = torch.sigmoid((t - press) * 30) - torch.sigmoid((t - press - hold) * 30)
    wobble = ring * torch.sin(2 * math.pi * 4 * (t - press)) * torch.exp(-3 * (t - press).clamp(min=0))
    x = force * down + wobble + 0.03 * torch.randn(n, length)
    return x


class ValveAE(nn.Module):
    def __init__(self, length, code):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(length, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, code))
        self.decoder = nn.Sequential(nn.Linear(code, 32), nn.ReLU(), nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, length))

    def forward(self, x):
        return self.decoder(self.encoder(x))


def main():
    args = get_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    x = traces(3000)
    x = (x - x[:2400].mean(0)) / x[:2400].std()
    model = ValveAE(x.shape[1], args.code)
    opt = torch.optim.Adam(model.parameters(), lr=args.lr)
    loader = DataLoader(x[:2400], batch_size=args.batch, shuffle=True)
    power = x[2400:].pow(2).mean()
    for epoch in range(1, args.epochs + 1):
        model.train()
        fit = 0.0
        for xb in loader:
            loss = (model(xb) - xb).pow(2).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
            fit += loss.item() / len(loader)
        if epoch % 5 == 0:
            model.eval()
            with torch.no_grad():
                rest = (model(x[2400:]) - x[2400:]).pow(2).mean() / power
            print(f"epoch {epoch:3d}  train loss {fit:.4f}  unexplained on new traces {rest:.4f}")


main()
