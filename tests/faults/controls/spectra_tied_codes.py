import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class TiedAutoencoder(nn.Module):
    """The decoder uses the transposes of the encoder's matrices."""

    def __init__(self, sizes):
        super().__init__()
        self.weights = nn.ParameterList()
        self.enc_bias, self.dec_bias = nn.ParameterList(), nn.ParameterList()
        for a, b in zip(sizes[:-1], sizes[1:]):
            w = torch.empty(b, a)
            nn.init.xavier_uniform_(w)
            self.weights.append(nn.Parameter(w))
            self.enc_bias.append(nn.Parameter(torch.zeros(b)))
            self.dec_bias.append(nn.Parameter(torch.zeros(a)))

    def encode(self, x):
        for k, (w, b) in enumerate(zip(self.weights, self.enc_bias)):
            x = F.linear(x, w, b)
            if k < len(self.weights) - 1:
                x = F.elu(x)
        return x

    def decode(self, z):
        for k in reversed(range(len(self.weights))):
            z = F.linear(z, self.weights[k].t(), self.dec_bias[k])
            if k > 0:
                z = F.elu(z)
        return z

    def forward(self, x):
        return self.decode(self.encode(x))


def spectra(n, rng):
    wavelength = np.linspace(0, 1, 60)
    peaks = np.array([0.15, 0.3, 0.42, 0.6, 0.8])
    amount = rng.gamma(2.0, 0.5, (n, 5))
    shift = rng.normal(0, 0.015, (n, 1, 1))
    bands = np.exp(-0.5 * ((wavelength - peaks[None, :, None] - shift) / 0.05) ** 2)
    return (amount[:, :, None] * bands).sum(1) + rng.normal(0, 0.08, (n, 60))


def main():
    torch.manual_seed(40)
    x = spectra(3000, np.random.default_rng(40))
    x = torch.tensor((x - x[:2400].mean(0)) / x[:2400].std(0), dtype=torch.float32)
    train, test = x[:2400], x[2400:]
    model = TiedAutoencoder([60, 32, 6])
    optimizer = torch.optim.Adam(model.parameters(), lr=8e-3)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [15, 22], gamma=0.3)
    for epoch in range(26):
        model.train()
        total = 0.0
        for batch in train[torch.randperm(len(train))].split(48):
            loss = F.mse_loss(model(batch), batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        scheduler.step()
        model.eval()
        with torch.no_grad():
            test_mse = F.mse_loss(model(test), test).item()
        if epoch % 2:
            print(f"epoch {epoch + 1:2d}  train mse {total / len(train):.4f}  test mse {test_mse:.4f}")
    print(f"reconstruction mse on test spectra: {test_mse:.4f}")


if __name__ == "__main__":
    main()
