"""Four flour qualities at once from 24 near-infrared readings, so the mill can skip the wet laboratory."""
import numpy as np
import torch
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

ASSAYS = ("protein", "moisture", "ash", "gluten")


def grain_samples(n=4000, seed=12):
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(n, 5))
    mixing = rng.normal(size=(5, 24))
    spectra = np.tanh(0.5 * hidden @ mixing) + 0.1 * rng.normal(size=(n, 24))
    h = hidden.T
    assays = np.stack([
        12 + 1.5 * h[0] + 0.8 * np.tanh(h[1] * 2),
        14 - 0.7 * h[2] + 0.5 * h[0] * h[3] / 2,
        0.6 + 0.1 * h[3] - 0.08 * np.abs(h[4]),
        28 + 3.5 * h[0] + 2.5 * h[4] - 1.5 * h[2],
    ], axis=1)
    assays += assays.std(0) * 0.15 * rng.normal(size=assays.shape)
    return spectra, assays


class Assayer(nn.Module):
    def __init__(self, bands, width=80):
        super().__init__()
        self.shared = nn.Sequential(
            nn.Linear(bands, width), nn.BatchNorm1d(width), nn.ReLU(),
            nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(),
        )
        self.assay = nn.ModuleDict(dict.fromkeys(ASSAYS, nn.Linear(width, 1)))

    def forward(self, spectra):
        features = self.shared(spectra)
        return {name: layer(features).squeeze(1) for name, layer in self.assay.items()}


def main():
    torch.manual_seed(12)
    spectra, assays = grain_samples()
    x_train, x_test, y_train, y_test = train_test_split(spectra, assays, test_size=0.2, random_state=0)
    xs, ys = StandardScaler().fit(x_train), StandardScaler().fit(y_train)
    as_tensor = lambda a: torch.tensor(a, dtype=torch.float32)
    x_train, x_test = as_tensor(xs.transform(x_train)), as_tensor(xs.transform(x_test))
    y_train, y_test = as_tensor(ys.transform(y_train)), as_tensor(ys.transform(y_test))

    model = Assayer(spectra.shape[1])
    optimizer = torch.optim.Adamax(model.parameters(), lr=0.01)
    loader = DataLoader(TensorDataset(x_train, y_train), batch_size=64, shuffle=True)
    epochs = 12
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=epochs)
    mse = nn.MSELoss()

    def r2_each():
        model.eval()
        with torch.no_grad():
            out = model(x_test)
        model.train()
        return [1 - (mse(out[a], y_test[:, k]) / y_test[:, k].var()).item() for k, a in enumerate(ASSAYS)]

    for epoch in range(epochs):
        sums = dict.fromkeys(ASSAYS, 0.0)
        for xb, yb in loader:
            out = model(xb)
            losses = {a: mse(out[a], yb[:, k]) for k, a in enumerate(ASSAYS)}
            optimizer.zero_grad()
            (sum(losses.values()) / len(ASSAYS)).backward()
            optimizer.step()
            for a in ASSAYS:
                sums[a] += losses[a].item() / len(loader)
        scheduler.step()
        if epoch % 2 == 1:
            print(f"epoch {epoch + 1}: " + ", ".join(f"{a} {sums[a]:.3f} (R2 {r:.3f})" for a, r in zip(ASSAYS, r2_each())))
    print(f"Average R2 over the assays: {np.mean(r2_each()):.4f}")


main()
