"""Ultrasonic echoes from rails: 1-D conv body and linear head, each with an optimiser of its own."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

DEFECTS = ("sound", "head check", "bolt-hole crack", "squat", "weld")


def simulate(n, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(96)
    y = rng.integers(0, len(DEFECTS), n)

    def echo(at, freq, length):
        return np.exp(-((t - at) / length) ** 2) * np.sin(2 * np.pi * freq * (t - at) + rng.uniform(-0.5, 0.5))

    x = np.zeros((n, 96))
    for i, k in enumerate(y):
        at = rng.uniform(20, 76)
        if k == 1:
            x[i] = echo(at, 0.20, 4)
        elif k == 2:
            x[i] = echo(at, 0.20, 4) + echo(at + rng.choice([-12, 12]), 0.20, 4)
        elif k == 3:
            x[i] = echo(at, 0.10, 9)
        elif k == 4:
            x[i] = echo(at, 0.32, 8)
    x = 1.6 * x * rng.normal(1, 0.1, (n, 1)) + rng.normal(0, 0.4, x.shape)
    return torch.tensor(x, dtype=torch.float32).unsqueeze(1), torch.tensor(y)


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv1d(1, 16, 11, padding=5)
        self.b1 = nn.BatchNorm1d(16)
        self.c2 = nn.Conv1d(16, 32, 7, padding=3)
        self.b2 = nn.BatchNorm1d(32)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.b1(self.c1(x))), 3)
        x = F.relu(self.b2(self.c2(x)))
        return x.amax(dim=2)


def main():
    torch.manual_seed(8)
    x, y = simulate(2400, 8)
    xv, yv = simulate(800, 9)
    mean, std = x.mean(), x.std()
    train = DataLoader(TensorDataset((x - mean) / std, y), batch_size=48, shuffle=True)
    xv = (xv - mean) / std
    body, head = Body(), nn.Linear(32, len(DEFECTS))
    model = nn.Sequential(body, head)
    body_opt = torch.optim.Adam(body.parameters(), lr=2e-3, weight_decay=1e-4)
    head_opt = torch.optim.SGD(head.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
    for epoch in range(10):
        model.train()
        total = 0.0
        for xb, yb in train:
            loss = F.cross_entropy(model(xb), yb)
            loss.backward()
            head_opt.step()
            model.zero_grad()
            body_opt.step()
            total += loss.item() * len(xb)
        model.eval()
        with torch.no_grad():
            out = model(xv)
            val = F.cross_entropy(out, yv).item()
            acc = (out.argmax(1) == yv).float().mean().item()
        print(f"epoch {epoch + 1:2d}: train {total / len(y):.4f} val {val:.4f} acc {acc:.4f}")
    print(f"accuracy on the second rail: {acc:.4f}")


if __name__ == "__main__":
    main()
