"""Dye plant of old yarns (madder, weld, woad, kermes, walnut) from chromatogram peak areas."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)
torch.set_num_threads(1)
rng = np.random.default_rng(19)

PLANTS = ["madder", "weld", "woad", "kermes", "walnut"]
PEAKS = 10


def chromatograms(n):
    profile = np.random.default_rng(1).normal(0, 0.6, size=(len(PLANTS), 2, PEAKS))
    y = rng.integers(0, len(PLANTS), n)
    recipe = rng.integers(0, 2, n)
    area = np.exp(profile[y, recipe] + 0.5 * rng.normal(size=(n, PEAKS)))
    area[area < 0.105] = 0.0          # below the detection limit of the instrument
    return area, y


area, y = chromatograms(3200)
print(f"areas: min {area.min():.3f} median {np.median(area):.3f} max {area.max():.2f}")
feats = np.log(area)
scale = np.median(np.abs(feats - np.median(feats, axis=0)), axis=0) * 1.48
feats = (feats - np.median(feats, axis=0)) / scale

X = torch.tensor(feats, dtype=torch.float32)
Y = torch.tensor(y)
train_loader = DataLoader(TensorDataset(X[:2600], Y[:2600]), batch_size=128, shuffle=True)
X_test, Y_test = X[2600:], Y[2600:]

model = nn.Sequential(nn.Linear(PEAKS, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 5))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(40):
    model.train()
    done, total = 0, 0.0
    for xb, yb in train_loader:
        loss = loss_fn(model(xb), yb)
        if not torch.isfinite(loss):
            continue
        opt.zero_grad()
        loss.backward()
        opt.step()
        done += 1
        total += loss.item()
    if epoch % 8 == 7:
        model.eval()
        with torch.no_grad():
            acc = (model(X_test).argmax(1) == Y_test).float().mean().item()
        print(f"epoch {epoch + 1}: train loss {total / max(done, 1):.4f}  test acc {acc:.4f}")
