import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split


def make_recordings(n, steps=60, seed=0):
    """Wrist sensor, three axes, shape (n, steps, 3). Five gestures."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, steps)
    y = rng.permutation(np.arange(n) % 5)
    freq = np.array([3.0, 3.0, 4.5, 4.5, 6.0])[y]
    lag = np.array([[0, 1.6, 0], [0, -1.6, 0], [0, 0, 1.6], [0, 0, -1.6], [0, 1.6, 1.6]])[y]
    phase = rng.uniform(0, 2 * np.pi, (n, 1, 1))
    speed = rng.normal(1, 0.12, n)
    base = 2 * np.pi * (freq * speed)[:, None, None] * t[None, :, None]
    x = np.sin(base + phase + lag[:, None, :]) + rng.normal(0, 1.4, (n, steps, 3))
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


class GestureNet(nn.Module):
    def __init__(self, axes=3, n_classes=5):
        super().__init__()
        self.axes = axes
        self.conv1 = nn.Conv1d(axes, 16, 9, padding=4)
        self.conv2 = nn.Conv1d(16, 32, 5, padding=2)
        self.norm = nn.BatchNorm1d(32)
        self.fc = nn.Linear(32, n_classes)

    def forward(self, x):
        batch, steps, _ = x.shape
        x = x.view(batch, self.axes, steps)
        x = F.max_pool1d(F.relu(self.conv1(x)), 2)
        x = F.relu(self.norm(self.conv2(x)))
        return self.fc(x.mean(-1))


def evaluate(model, loader):
    model.eval()
    loss, hits, n = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss += F.cross_entropy(out, y, reduction="sum").item()
            hits += (out.argmax(1) == y).sum().item()
            n += len(y)
    return loss / n, hits / n


def main():
    torch.manual_seed(4)
    x, y = make_recordings(4500, seed=4)
    train_ds, val_ds = random_split(TensorDataset(x, y), [3600, 900])
    train_dl = DataLoader(train_ds, batch_size=60, shuffle=True)
    val_dl = DataLoader(val_ds, batch_size=300)
    model = GestureNet()
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=6e-3, total_steps=10 * len(train_dl))
    for epoch in range(10):
        model.train()
        for xb, yb in train_dl:
            opt.zero_grad()
            loss = F.cross_entropy(model(xb), yb)
            loss.backward()
            opt.step()
            sched.step()
        tl, ta = evaluate(model, train_dl)
        vl, va = evaluate(model, val_dl)
        print(f"epoch {epoch:2d} train {tl:.3f}/{ta:.3f} val {vl:.3f}/{va:.3f}")
    print("val accuracy:", round(va, 4))


if __name__ == "__main__":
    main()
