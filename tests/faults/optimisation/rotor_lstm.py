"""Classify the condition of a rotor from a short two-channel vibration record."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

CONDITIONS = ("sound", "unbalance", "misalignment", "looseness", "rub")


class RotorRecords(Dataset):
    def __init__(self, n, seed, stats=None):
        r = np.random.default_rng(seed)
        t = np.arange(48) / 48
        self.y = r.permutation(np.arange(n) % len(CONDITIONS))
        ph = r.uniform(0, 2 * np.pi, (n, 1))
        f = 3 + 0.3 * r.normal(size=(n, 1))
        one = lambda k: np.sin(2 * np.pi * k * f * t + k * ph)
        amp = {0: (0.6, 0.1, 0.0), 1: (1.2, 0.1, 0.0), 2: (0.6, 0.8, 0.0), 3: (0.6, 0.1, 0.7), 4: (0.6, 0.5, 0.5)}
        a = np.array([amp[k] for k in self.y])[:, :, None] * r.uniform(0.8, 1.2, (n, 3, 1))
        sig = a[:, 0] * one(1) + a[:, 1] * one(2) + a[:, 2] * one(3)
        quad = np.roll(sig, 4, axis=1)
        x = np.stack([sig, quad], axis=2) + 0.25 * r.normal(size=(n, 48, 2))
        self.stats = stats or (x.mean(), x.std())
        self.x = ((x - self.stats[0]) / self.stats[1]).astype("float32")

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class RotorLSTM(nn.Module):
    def __init__(self, hidden=40):
        super().__init__()
        self.lstm = nn.LSTM(2, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, len(CONDITIONS))

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out.mean(dim=1))


def main():
    torch.manual_seed(23)
    train_set = RotorRecords(2000, 1)
    test_set = RotorRecords(500, 2, train_set.stats)
    train_loader = DataLoader(train_set, batch_size=50, shuffle=True)
    test_loader = DataLoader(test_set, batch_size=250)
    model = RotorLSTM()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(1, 16):
        model.train()
        losses = []
        for x, y in train_loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.01)
            optimizer.step()
            losses.append(loss.item())
        model.eval()
        with torch.no_grad():
            correct = sum((model(x).argmax(1) == y).sum().item() for x, y in test_loader)
        print(f"Epoch {epoch:2d}: loss={np.mean(losses):.4f} acc={correct / len(test_set):.4f}")
    print(f"Final accuracy on the test records: {correct / len(test_set):.4f}")


if __name__ == "__main__":
    main()
