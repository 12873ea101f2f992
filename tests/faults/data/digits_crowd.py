import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset


class CrowdDigits(Dataset):
    """Digits whose label is one worker's answer; workers who cannot read a scan type what they like."""

    def __init__(self, images, truth, unreadable, rng):
        self.images = torch.tensor(images / 16.0 - 0.3, dtype=torch.float32)
        guess = rng.integers(0, 10, len(truth))
        self.answers = np.where(rng.random(len(truth)) < unreadable, guess, truth)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i], int(self.answers[i])


def main(hidden=128, epochs=20, lr=1e-3):
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    X, y = load_digits(return_X_y=True)
    order = rng.permutation(len(X))
    X, y = X[order], y[order]
    train_set = CrowdDigits(X[:1400], y[:1400], unreadable=0.45, rng=rng)
    test_x, test_y = torch.tensor(X[1400:] / 16.0 - 0.3).float(), torch.tensor(y[1400:])

    net = nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 10))
    optimizer = torch.optim.AdamW(net.parameters(), lr=lr)
    loader = DataLoader(train_set, batch_size=32, shuffle=True)
    for epoch in range(1, epochs + 1):
        correct, total, loss_sum = 0, 0, 0.0
        net.train()
        for x, t in loader:
            out = net(x)
            loss = nn.functional.cross_entropy(out, t)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(t)
            correct += (out.argmax(1) == t).sum().item()
            total += len(t)
        net.eval()
        with torch.no_grad():
            test_acc = (net(test_x).argmax(1) == test_y).double().mean().item()
        print(f"{epoch}/{epochs} loss={loss_sum / total:.3f} train_acc={correct / total:.3f} test_acc={test_acc:.3f}")


if __name__ == "__main__":
    main()
