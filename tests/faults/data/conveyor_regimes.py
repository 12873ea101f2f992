"""Which regime is the conveyor belt in? Windows of three motor channels, labelled from the operator's log."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(8)
REGIMES = ["idle", "loaded", "slipping", "jammed"]
WINDOW = 32


def record(n_windows, seed):
    """One long recording, window after window, with the regime of each window."""
    rng = np.random.default_rng(seed)
    signal, regime = [], []
    state = 0
    while len(regime) < n_windows:
        state = (state + rng.integers(1, 4)) % 4
        for _ in range(rng.integers(40, 80)):
            t = np.arange(WINDOW) + rng.uniform(0, 20)
            freq = [0.15, 0.30, 0.30, 0.55][state]
            amp = [0.7, 1.1, 1.1, 0.9][state]
            base = amp * np.sin(freq * t)
            second = np.roll(base, 6 if state == 2 else 2)
            third = 0.5 * np.cos(freq * t) + 0.2 * state
            signal.append(np.stack([base, second, third]) + 0.45 * rng.normal(size=(3, WINDOW)))
            regime.append(state)
    signal, regime = np.array(signal[:n_windows]), np.array(regime[:n_windows])
    signal[rng.random(n_windows) < 0.012, 0] = np.nan          # lost packets
    return signal.astype(np.float32), regime


def clean(signal, regime):
    keep = ~np.isnan(signal).any(axis=(1, 2))
    signal = signal[keep]
    regime = regime[:len(signal)]
    return torch.tensor(signal), torch.tensor(regime)


class BeltNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv1d(3, 16, 5, padding=2)
        self.c2 = nn.Conv1d(16, 24, 5, padding=2)
        self.out = nn.Linear(24, len(REGIMES))

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.c1(x)), 2)
        x = F.relu(self.c2(x)).mean(dim=2)
        return self.out(x)


x_train, y_train = clean(*record(2000, seed=1))
x_test, y_test = clean(*record(700, seed=2))
mean, std = x_train.mean((0, 2), keepdim=True), x_train.std((0, 2), keepdim=True)
x_train, x_test = (x_train - mean) / std, (x_test - mean) / std
print("windows:", len(x_train), "train,", len(x_test), "test; per regime", torch.bincount(y_train).tolist())

model = BeltNet()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
for epoch in range(8):
    model.train()
    losses = []
    for idx in torch.randperm(len(x_train)).split(48):
        loss = F.cross_entropy(model(x_train[idx]), y_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
        acc = (logits.argmax(1) == y_test).float().mean().item()
    print(f"epoch {epoch:2d} train loss {np.mean(losses):.3f} test loss {F.cross_entropy(logits, y_test):.3f} test acc {acc:.3f}")
print(f"test accuracy {acc:.4f}")
