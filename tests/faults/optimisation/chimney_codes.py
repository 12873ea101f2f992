"""Compress 40-channel flue-gas spectra to a code of four numbers."""
import torch
from torch import nn, optim
from torch.utils.data import DataLoader

torch.manual_seed(19)
CHANNELS, CODE = 40, 4
grid = torch.linspace(-1, 1, CHANNELS)


def spectra(n):
    centre = 1.2 * torch.rand(n, 2, 1) - 0.6
    width = 0.12 + 0.15 * torch.rand(n, 2, 1)
    peaks = torch.exp(-0.5 * ((grid - centre) / width) ** 2)
    return peaks[:, 0] - peaks[:, 1] + 0.03 * torch.randn(n, CHANNELS)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(CHANNELS, 96), nn.LeakyReLU(0.1), nn.Linear(96, 48), nn.LeakyReLU(0.1), nn.Linear(48, CODE))

    def forward(self, x):
        return self.layers(x)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(CODE, 48), nn.LeakyReLU(0.1), nn.Linear(48, 96), nn.LeakyReLU(0.1), nn.Linear(96, CHANNELS))

    def forward(self, z):
        return self.layers(z)


def standardise(x, stats):
    return (x - stats[0]) / stats[1]


raw_train, raw_test = spectra(8000), spectra(1000)
stats = raw_train.mean(0), raw_train.std(0)
x_train, x_test = standardise(raw_train, stats), standardise(raw_test, stats)

encoder, decoder = Encoder(), Decoder()
optimizer = optim.Adam(decoder.parameters(), lr=3e-3)
plateau = optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.4, patience=2)
mse = nn.MSELoss()
loader = DataLoader(x_train, batch_size=160, shuffle=True)

for epoch in range(1, 41):
    encoder.train(), decoder.train()
    for batch in loader:
        reconstruction = decoder(encoder(batch))
        loss = mse(reconstruction, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    encoder.eval(), decoder.eval()
    with torch.no_grad():
        test_mse = mse(decoder(encoder(x_test)), x_test).item()
    plateau.step(test_mse)
    if epoch % 5 == 0:
        print(f"epoch {epoch:3d}  last batch {loss.item():.4f}  test reconstruction {test_mse:.4f}")

print(f"test reconstruction error {test_mse:.4f}")
