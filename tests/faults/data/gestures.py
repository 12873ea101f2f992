"""Recognise six hand gestures from a three-axis accelerometer."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

STEPS, AXES, CLASSES = 32, 3, 6


def record(n, seed):
    """returns recordings shaped (n, axes, steps) as the logger stores them"""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 2 * np.pi, STEPS)
    out, lab = np.zeros((n, AXES, STEPS)), rng.integers(0, CLASSES, n)
    for i, k in enumerate(lab):
        speed, phase, amp = rng.uniform(0.8, 1.3), rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1.4)
        lead = [0, np.pi / 2, -np.pi / 2][k % 3]
        a, b = [(0, 1), (1, 2)][k // 3]
        out[i, a] = amp * np.sin(speed * t + phase)
        out[i, b] = amp * np.sin(speed * t + phase + lead)
    return out / 0.58 + rng.normal(0, 0.5, out.shape), lab


class GestureRNN(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.lstm = nn.LSTM(AXES, hidden, batch_first=True)
        self.classifier = nn.Linear(hidden, CLASSES)

    def forward(self, x):
        x = x.view(x.size(0), STEPS, AXES)
        out, _ = self.lstm(x)
        return self.classifier(out.mean(dim=1))


def loaders():
    def ds(n, seed):
        x, y = record(n, seed)
        return TensorDataset(torch.tensor(x, dtype=torch.float32), torch.tensor(y))
    return DataLoader(ds(1800, 0), batch_size=60, shuffle=True), DataLoader(ds(600, 1), batch_size=200)


def main():
    torch.manual_seed(0)
    train_dl, valid_dl = loaders()
    model = GestureRNN()
    optimizer = torch.optim.Adam(model.parameters(), lr=6e-3)
    epochs = 10
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, epochs=epochs, steps_per_epoch=len(train_dl))
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        running = 0.0
        for xb, yb in train_dl:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            scheduler.step()
            running += loss.item()
        model.eval()
        right = total = 0
        with torch.no_grad():
            for xb, yb in valid_dl:
                right += (model(xb).argmax(1) == yb).sum().item()
                total += len(yb)
        print(f"epoch {epoch + 1:2d}/{epochs}  loss {running / len(train_dl):.4f}  valid acc {right / total:.4f}")


main()
