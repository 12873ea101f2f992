"""Walking / stairs / running from phone accelerometer windows, GRU."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import TensorDataset, DataLoader


def gait(n, rng, steps=40):
    t = np.linspace(0, 2.0, steps)
    X = np.zeros((n, steps, 3), dtype=np.float32)
    Y = rng.integers(0, 4, n)
    for i, k in enumerate(Y):
        f = [1.7, 1.9, 2.4, 2.1][k] * rng.normal(1, 0.07)
        ph = rng.uniform(0, 2 * np.pi)
        X[i, :, 0] = np.sin(2 * np.pi * f * t + ph) * [1.0, 0.8, 1.5, 1.2][k]
        X[i, :, 1] = np.sin(4 * np.pi * f * t + ph + 0.5) * [0.4, 1.0, 0.9, 0.2][k]
        X[i, :, 2] = [0.0, 0.3, 0.1, -0.2][k] + 0.4 * np.cos(2 * np.pi * f * t + ph)
    X += 0.45 * rng.normal(size=X.shape).astype(np.float32)
    return X, Y


class GaitGRU(nn.Module):
    def __init__(self, n_in=3, hidden=32, n_out=4):
        super().__init__()
        self.gru = nn.GRU(n_in, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, n_out)

    def forward(self, x):
        out, _ = self.gru(x)
        return self.fc(out.mean(dim=1))


class Trainer:
    def __init__(self, model, train_loader, val_loader):
        self.model, self.train_loader, self.val_loader = model, train_loader, val_loader
        self.opt = torch.optim.Adam(model.parameters(), lr=8e-3)
        self.loss_fn = nn.CrossEntropyLoss()

    def train_one_epoch(self):
        self.model.train()
        self.opt.zero_grad()
        losses = []
        for x, y in self.train_loader:
            loss = self.loss_fn(self.model(x), y)
            loss.backward()
            self.opt.step()
            losses.append(loss.item())
        return float(np.mean(losses))

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        right = total = 0
        loss = 0.0
        for x, y in self.val_loader:
            logits = self.model(x)
            loss += self.loss_fn(logits, y).item() * y.numel()
            right += (logits.argmax(1) == y).sum().item()
            total += y.numel()
        return loss / total, right / total

    def fit(self, epochs):
        for e in range(epochs):
            tl = self.train_one_epoch()
            vl, va = self.validate()
            print(f"Epoch {e + 1}/{epochs} - loss: {tl:.4f} - val_loss: {vl:.4f} - val_acc: {va:.4f}")


if __name__ == "__main__":
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    X, Y = gait(2000, rng)
    mean, std = X[:1500].mean((0, 1)), X[:1500].std((0, 1))
    X = torch.from_numpy((X - mean) / std)
    Y = torch.from_numpy(Y)
    train_loader = DataLoader(TensorDataset(X[:1500], Y[:1500]), batch_size=50, shuffle=True)
    val_loader = DataLoader(TensorDataset(X[1500:], Y[1500:]), batch_size=250)
    Trainer(GaitGRU(), train_loader, val_loader).fit(16)
