"""Which species sing in a clip?  Multi-label tagging of short recordings."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SPECIES = ["wren", "robin", "siskin", "dunnock", "linnet", "serin"]
RATE = [11, 19, 28, 38, 47, 58]


def synth_clips(n, rng, length=256):
    t = np.arange(length) / length
    clips = rng.normal(0, 0.8, (n, length))
    tags = (rng.random((n, len(SPECIES))) < 0.17).astype(np.float32)
    for i in range(n):
        for s in np.flatnonzero(tags[i]):
            centre, width = rng.uniform(0.2, 0.8), rng.uniform(0.06, 0.12)
            sweep = RATE[s] * t + rng.uniform(-3, 3) * t ** 2
            envelope = np.exp(-0.5 * ((t - centre) / width) ** 2)
            clips[i] += rng.uniform(1.0, 2.0) * envelope * np.sin(2 * np.pi * sweep + rng.uniform(0, 6.28))
    return torch.tensor(clips, dtype=torch.float32).unsqueeze(1), torch.tensor(tags)


class CallNet(nn.Module):
    def __init__(self, n_species):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, 24, 31, stride=2, padding=15), nn.BatchNorm1d(24), nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Conv1d(24, 32, 7, padding=3), nn.BatchNorm1d(32), nn.ReLU(),
            nn.AdaptiveMaxPool1d(1),
        )
        self.head = nn.Linear(32, n_species)

    def forward(self, x):
        z = self.features(x).flatten(1)
        return torch.sigmoid(self.head(z))


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    tp = fp = fn = 0
    for x, y in loader:
        probs = model(x)
        hit = probs > 0.5
        tp += (hit & (y == 1)).sum().item()
        fp += (hit & (y == 0)).sum().item()
        fn += (~hit & (y == 1)).sum().item()
    return 2 * tp / max(2 * tp + fp + fn, 1)


def main():
    torch.manual_seed(5)
    rng = np.random.default_rng(5)
    train = DataLoader(TensorDataset(*synth_clips(2400, rng)), batch_size=48, shuffle=True)
    val = DataLoader(TensorDataset(*synth_clips(800, rng)), batch_size=200)
    model = CallNet(len(SPECIES))
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for epoch in range(1, 11):
        model.train()
        running = 0.0
        for x, y in train:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            running += loss.item() * len(x)
        print(f"epoch {epoch:2d}  train loss {running / 2400:.4f}  val F1 {evaluate(model, val):.3f}")
    print(f"final micro F1 {evaluate(model, val):.4f}")


if __name__ == "__main__":
    main()
