"""Estimate the hardness of anvils from the decay of their ring."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
torch.set_num_threads(1)
rng = np.random.default_rng(11)

N_BANDS = 20
N_ANVILS = 2400


def record_rings(n):
    mass = rng.uniform(-1, 1, n)
    carbon = rng.uniform(-1, 1, n)
    temper = rng.uniform(-1, 1, n)
    bands = np.linspace(0, 1, N_BANDS)
    centre = 0.5 + 0.2 * mass + 0.1 * carbon
    width = 0.12 + 0.05 * temper
    spectrum = np.exp(-((bands[None] - centre[:, None]) / width[:, None]) ** 2)
    spectrum += 0.4 * np.exp(-((bands[None] - 0.15 - 0.1 * carbon[:, None]) / 0.06) ** 2)
    spectrum += 0.02 * rng.standard_normal(spectrum.shape)
    hardness = 55 + 6 * carbon + 4 * temper * carbon - 3 * mass ** 2 + 0.3 * rng.standard_normal(n)
    return spectrum.astype(np.float32), hardness.astype(np.float32)


spectra, hardness = record_rings(N_ANVILS)
spectra_t, spectra_v = spectra[:2000], spectra[2000:]
hard_t, hard_v = hardness[:2000], hardness[2000:]

mu, sd = spectra_t.mean(0), spectra_t.std(0)
h_mu, h_sd = hard_t.mean(), hard_t.std()
x_t = torch.from_numpy((spectra_t - mu) / sd)
x_v = torch.from_numpy((spectra_v - mu) / sd)
y_t = torch.from_numpy((hard_t - h_mu) / h_sd).unsqueeze(1)
y_v = torch.from_numpy((hard_v - h_mu) / h_sd).unsqueeze(1)

loader = DataLoader(TensorDataset(x_t, y_t), batch_size=50, shuffle=True)

net = nn.Sequential(
    nn.Linear(N_BANDS, 48),
    nn.Tanh(),
    nn.Linear(48, 48),
    nn.Tanh(),
    nn.Linear(48, 1),
)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.99)

for epoch in range(60):
    net.train()
    running = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(net(xb), yb)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(xb)
    if epoch % 5 == 4:
        net.eval()
        with torch.no_grad():
            val = criterion(net(x_v), y_v).item()
        print(f"epoch {epoch + 1:3d}  train mse {running / len(x_t):.4f}  val mse {val:.4f}")

net.eval()
with torch.no_grad():
    error = (net(x_v) - y_v).abs().mean().item() * h_sd
print(f"mean error in Rockwell points: {error:.3f}")
