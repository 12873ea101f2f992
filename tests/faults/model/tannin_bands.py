import numpy as np
import torch
from torch import nn

torch.manual_seed(19)
np.random.seed(19)

EPOCHS = 4
BATCH = 100
LR = 1e-3


def build_dataset(n=3000):
    # absorbance at 24 wavelengths -> tannin concentration
    conc = np.random.uniform(0, 1, n)
    other = np.random.uniform(0, 1, (n, 3))
    lam = np.linspace(0, 1, 24)
    band = lambda c, w: np.exp(-((lam - c) / w) ** 2)
    spec = conc[:, None] * band(0.45 + 0.0 * conc[:, None], 0.07)
    for j, c in enumerate([0.3, 0.55, 0.75]):
        spec = spec + 1.5 * other[:, j:j + 1] * band(c, 0.15)
    spec = 1 - np.exp(-1.5 * spec) + 0.01 * np.random.randn(n, 24)
    return spec.astype(np.float32), conc.astype(np.float32)


spec, conc = build_dataset()
mu, sd = spec[:2400].mean(0), spec[:2400].std(0)
x = torch.from_numpy((spec - mu) / sd)
y = torch.from_numpy((conc - conc[:2400].mean()) / conc[:2400].std()).unsqueeze(1)
x_tr, y_tr, x_va, y_va = x[:2400], y[:2400], x[2400:], y[2400:]

model = nn.Sequential(nn.Linear(24, 64), nn.Tanh(), nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=LR)
loss_fn = nn.MSELoss()

for epoch in range(EPOCHS):
    perm = torch.randperm(len(x_tr))
    tot = 0.0
    for i in range(0, len(x_tr), BATCH):
        b = perm[i:i + BATCH]
        loss = loss_fn(model(x_tr[b]), y_tr[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() * len(b)
    with torch.no_grad():
        va = loss_fn(model(x_va), y_va).item()
    print(f"epoch {epoch + 1} train_mse {tot / len(x_tr):.4f} val_mse {va:.4f}")

print(f"val_mse final {va:.5f}")
