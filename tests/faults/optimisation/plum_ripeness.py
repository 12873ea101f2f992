import argparse
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


def get_args():
    p = argparse.ArgumentParser(description="plum firmness from near-infrared spectra")
    p.add_argument("--epochs", type=int, default=25)
    p.add_argument("--lr", type=float, default=0.15)
    p.add_argument("--decay", type=float, default=0.9, help="exponential decay of the learning rate")
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--seed", type=int, default=2)
    return p.parse_args()


def spectra(n, rng, bands=50):
    grid = np.linspace(0, 1, bands)
    water, sugar, scatter = rng.normal(size=(3, n, 1))
    x = (np.exp(-((grid - 0.3) / 0.1) ** 2) * water + np.exp(-((grid - 0.6) / 0.08) ** 2) * sugar
         + scatter * grid + 0.2 * rng.normal(size=(n, bands)))
    y = np.tanh(1.5 * sugar[:, 0]) - 0.5 * water[:, 0] * sugar[:, 0] + 0.3 * water[:, 0] ** 2 + 0.1 * rng.normal(size=n)
    return x.astype(np.float32), y.astype(np.float32)


class FirmnessNet(nn.Module):
    def __init__(self, bands):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(bands, 48), nn.Linear(48, 48)])
        self.out = nn.Linear(48, 1)

    def forward(self, x):
        for layer in self.layers:
            x = F.elu(layer(x))
        return self.out(x).squeeze(1)


def set_lr(optimizer, lr):
    for group in optimizer.param_groups:
        group["lr"] = lr


def mse(model, loader):
    model.eval()
    with torch.no_grad():
        return sum(F.mse_loss(model(x), y, reduction="sum").item() for x, y in loader) / len(loader.dataset)


def main():
    args = get_args()
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    x_tr, y_tr = spectra(3000, rng)
    x_te, y_te = spectra(1000, rng)
    mx, sx, my, sy = x_tr.mean(0), x_tr.std(0), y_tr.mean(), y_tr.std()
    wrap = lambda x, y: TensorDataset(torch.from_numpy((x - mx) / sx), torch.from_numpy((y - my) / sy))
    train, test = DataLoader(wrap(x_tr, y_tr), args.batch, shuffle=True), DataLoader(wrap(x_te, y_te), 250)
    model = FirmnessNet(x_tr.shape[1])
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, weight_decay=1e-4)
    step = 0
    for epoch in range(args.epochs):
        model.train()
        for x, y in train:
            set_lr(optimizer, args.lr * args.decay ** step)
            loss = F.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
        if epoch % 3 == 0 or epoch == args.epochs - 1:
            print(f"epoch {epoch:3d}  train mse {mse(model, train):.4f}  test mse {mse(model, test):.4f}")
    print(f"standardised test mse: {mse(model, test):.4f}")


if __name__ == "__main__":
    main()
