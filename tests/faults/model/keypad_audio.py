"""Recognise two-tone key presses; LSTM over short frames. Ported from an old TF1 script."""
import argparse
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=14)
    p.add_argument("--batch-size", type=int, default=50)
    p.add_argument("--learning-rate", type=float, default=5e-3)
    p.add_argument("--keep-prob", type=float, default=0.75)
    p.add_argument("--hidden", type=int, default=32)
    p.add_argument("--noise", type=float, default=0.7)
    return p.parse_args()


def key_presses(n, noise, seed):
    rng = np.random.default_rng(seed)
    low, high = [6.97, 7.70, 8.52, 9.41], [12.09, 13.36, 14.77]
    key = rng.permutation(np.arange(n) % 12)
    t = np.arange(160) / 40
    f1, f2 = np.take(low, key // 3), np.take(high, key % 3)
    p = rng.uniform(0, 2 * np.pi, (2, n, 1))
    wave = np.sin(2 * np.pi * f1[:, None] * t + p[0]) + np.sin(2 * np.pi * f2[:, None] * t + p[1])
    wave += noise * rng.standard_normal(wave.shape)
    wave /= wave.std()
    return torch.tensor(wave.reshape(n, 20, 8), dtype=torch.float32), torch.tensor(key)


class KeyLSTM(nn.Module):
    def __init__(self, hidden, keep_prob):
        super().__init__()
        self.proj = nn.Linear(8, hidden)
        self.lstm = nn.LSTM(hidden, hidden, batch_first=True)
        self.dropout = nn.Dropout(keep_prob)
        self.fc = nn.Linear(hidden, 12)

    def forward(self, frames):
        h = self.dropout(torch.relu(self.proj(frames)))
        h, _ = self.lstm(h)
        return self.fc(self.dropout(h.mean(1)))


def evaluate(model, loader):
    model.eval()
    loss, good, n = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            z = model(x)
            loss += nn.functional.cross_entropy(z, y, reduction="sum").item()
            good += (z.argmax(1) == y).sum().item()
            n += len(y)
    return loss / n, good / n


def main():
    args = get_args()
    torch.manual_seed(0)
    train = DataLoader(TensorDataset(*key_presses(3000, args.noise, 0)), args.batch_size, shuffle=True)
    dev = DataLoader(TensorDataset(*key_presses(900, args.noise, 1)), 300)
    model = KeyLSTM(args.hidden, args.keep_prob)
    opt = torch.optim.Adam(model.parameters(), lr=args.learning_rate)
    decay = torch.optim.lr_scheduler.ExponentialLR(opt, 0.88)
    for epoch in range(1, args.epochs + 1):
        model.train()
        acc_loss = 0.0
        for x, y in train:
            loss = nn.functional.cross_entropy(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            acc_loss += loss.item() * len(y)
        decay.step()
        dl, da = evaluate(model, dev)
        print(f"epoch {epoch:02d} train loss {acc_loss / 3000:.3f} dev loss {dl:.3f} dev acc {da:.3f}")
    print(f"dev accuracy: {da:.4f}")


if __name__ == "__main__":
    main()
