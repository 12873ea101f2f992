"""Flag which of six alarm conditions a sluice gate log shows (several may hold at once)."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
rng = np.random.default_rng(11)
FLAGS = ["surge", "drift", "stuck", "ripple", "spike", "drop"]


def make_log(n, length=30):
    x = rng.normal(0, 0.5, (n, length, 2)).astype("float32")
    y = (rng.random((n, 6)) < np.array([0.6, 0.55, 0.5, 0.62, 0.45, 0.5])).astype("float32")
    t = np.linspace(0, 1, length)
    for i in range(n):
        if y[i, 0]:
            x[i, :, 0] += 1.2 * np.exp(-((t - rng.uniform(0.3, 0.7)) / 0.15) ** 2)
        if y[i, 1]:
            x[i, :, 1] += 1.5 * (t - 0.5)
        if y[i, 2]:
            x[i, :, 1] *= 0.4
        if y[i, 3]:
            x[i, :, 0] += 0.7 * np.sin(2 * np.pi * 5 * t)
        if y[i, 4]:
            x[i, rng.integers(3, length - 3), 0] += 2.5
        if y[i, 5]:
            x[i, int(length * rng.uniform(0.4, 0.6)):, 1] -= 1.2
    x = (x - x.mean((0, 1))) / x.std((0, 1))
    return torch.from_numpy(x), torch.from_numpy(y)


class FlagNet(nn.Module):
    def __init__(self, channels=2, hidden=32, n_flags=6):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(channels, 24, 5, padding=2), nn.ReLU(),
            nn.Conv1d(24, 32, 5, padding=2, stride=2), nn.ReLU())
        self.fc = nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, n_flags))

    def forward(self, x):
        h = self.conv(x.permute(0, 2, 1))
        h = torch.cat([h.mean(-1), h.amax(-1)], dim=1)
        return torch.sigmoid(self.fc(h))


def evaluate(model, loader, criterion):
    model.eval()
    loss, hit, pred, true = 0.0, 0.0, 0.0, 0.0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss += criterion(out, y).item() * len(x)
            guess = (out > 0.5).float()
            hit += (guess * y).sum().item()
            pred += guess.sum().item()
            true += y.sum().item()
    return loss / len(loader.dataset), 2 * hit / max(pred + true, 1)


def main():
    X, Y = make_log(3000)
    train_dl = DataLoader(TensorDataset(X[:2400], Y[:2400]), batch_size=48, shuffle=True)
    test_dl = DataLoader(TensorDataset(X[2400:], Y[2400:]), batch_size=200)
    model = FlagNet()
    criterion = nn.BCEWithLogitsLoss()
    opt = torch.optim.Adam(model.parameters(), lr=2e-3)
    for epoch in range(20):
        model.train()
        total = 0.0
        for x, y in train_dl:
            opt.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            opt.step()
            total += loss.item() * len(x)
        val_loss, f1 = evaluate(model, test_dl, criterion)
        print(f"epoch {epoch:2d}  train {total / 2400:.4f}  test {val_loss:.4f}  f1 {f1:.3f}")
    print(f"micro F1 on held-out logs: {f1:.4f}")


if __name__ == "__main__":
    main()
