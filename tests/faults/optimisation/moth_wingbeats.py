import argparse
import numpy as np
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset


class WingbeatClips(Dataset):
    """Eight moth genera, told apart by the wing-beat frequency and the strength of its overtones."""

    def __init__(self, n, seed, length=96):
        rng = np.random.RandomState(seed)
        self.y = rng.randint(0, 8, n)
        t = np.arange(length) / length
        f = 5.0 + 2.2 * (self.y % 4) + rng.normal(0, 0.3, n)
        over = np.where(self.y < 4, 0.15, 0.8)
        phase = rng.uniform(0, 2 * np.pi, (2, n, 1))
        wave = np.sin(2 * np.pi * f[:, None] * t + phase[0]) + over[:, None] * np.sin(4 * np.pi * f[:, None] * t + phase[1])
        self.x = (wave + rng.normal(0, 0.5, wave.shape)).astype("float32")
        self.x /= self.x.std()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return torch.from_numpy(self.x[i]).unsqueeze(0), int(self.y[i])


def build_model():
    return nn.Sequential(
        nn.Conv1d(1, 16, 7, stride=2, padding=3), nn.BatchNorm1d(16), nn.ReLU(),
        nn.Conv1d(16, 32, 5, stride=2, padding=2), nn.BatchNorm1d(32), nn.ReLU(),
        nn.Conv1d(32, 32, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(32, 8))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--lr", type=float, default=5e-5)
    ap.add_argument("--epochs", type=int, default=18)
    ap.add_argument("--seed", type=int, default=31)
    args = ap.parse_args()
    torch.manual_seed(args.seed)
    train = DataLoader(WingbeatClips(2400, 1), batch_size=48, shuffle=True, drop_last=True)
    valid = DataLoader(WingbeatClips(800, 2), batch_size=400)
    model, ce = build_model(), nn.CrossEntropyLoss()
    optimizer = optim.RMSprop(model.parameters(), lr=args.lr, alpha=0.95)
    for epoch in range(args.epochs):
        model.train()
        avg = 0.0
        for clip, genus in train:
            optimizer.zero_grad()
            loss = ce(model(clip), genus)
            loss.backward()
            optimizer.step()
            avg += loss.item() / len(train)
        model.eval()
        with torch.no_grad():
            hits, vloss = 0, 0.0
            for clip, genus in valid:
                out = model(clip)
                vloss += ce(out, genus).item() / len(valid)
                hits += (out.argmax(1) == genus).sum().item()
        print(f"{epoch + 1:3d} | {avg:.4f} | {vloss:.4f} | {hits / len(valid.dataset):.4f}")
    print("final accuracy:", round(hits / len(valid.dataset), 4))


if __name__ == "__main__":
    main()
