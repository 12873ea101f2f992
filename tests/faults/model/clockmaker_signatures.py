"""Genuine or later signature on a clock dial: binary CNN on small stroke images."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def strokes(n, seed):
    rng = np.random.default_rng(seed)
    images, genuine = np.zeros((n, 12, 20), dtype=np.float32), rng.integers(0, 2, n)
    cols = np.arange(20)
    for i in range(n):
        slant = rng.normal(0.12, 0.03) if genuine[i] else rng.normal(0.02, 0.05)
        wave = rng.normal(2.6, 0.4) if genuine[i] else rng.normal(2.0, 0.5)
        rows = 6 + wave * np.sin(cols * rng.normal(0.8, 0.05) + rng.uniform(0, 6)) + slant * 10 * (cols - 10) / 10
        for c, r in zip(cols, rows):
            images[i, :, c] += np.exp(-((np.arange(12) - r) ** 2) / 1.2)
    images += rng.normal(0, 0.15, images.shape).astype(np.float32)
    return torch.from_numpy(images).unsqueeze(1), torch.from_numpy(genuine)


class DialNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.LeakyReLU(0.1), nn.MaxPool2d(2),
                                  nn.Conv2d(8, 16, 3, padding=1), nn.LeakyReLU(0.1), nn.MaxPool2d(2))
        self.fc = nn.Sequential(nn.Linear(16 * 3 * 5, 32), nn.LeakyReLU(0.1), nn.Dropout(0.2), nn.Linear(32, 1))

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


@torch.no_grad()
def test(model, images, genuine, size=200):
    model.eval()
    loss, hits = 0.0, []
    for xb, yb in zip(images.split(size), genuine.split(size)):
        logits = model(xb)
        loss += F.binary_cross_entropy_with_logits(logits, yb.float().unsqueeze(1), reduction="sum").item()
        hits.append(((logits > 0).long() == yb).float().mean().item())
    return loss / len(genuine), sum(hits) / len(hits)


if __name__ == "__main__":
    torch.manual_seed(9)
    x_train, y_train = strokes(2400, 9)
    x_test, y_test = strokes(800, 10)
    mean, std = x_train.mean(), x_train.std()
    x_train, x_test = (x_train - mean) / std, (x_test - mean) / std
    model = DialNet()
    optimizer = torch.optim.NAdam(model.parameters(), lr=1e-3, weight_decay=1e-3)
    for epoch in range(1, 10):
        model.train()
        epoch_loss = 0.0
        for rows in torch.randperm(len(x_train)).split(48):
            logits = model(x_train[rows])
            loss = F.binary_cross_entropy_with_logits(logits, y_train[rows].float().unsqueeze(1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            epoch_loss += loss.item() * len(rows)
        test_loss, test_acc = test(model, x_test, y_test)
        print(f"[{epoch}] loss={epoch_loss / len(x_train):.4f} test_loss={test_loss:.4f} test_acc={test_acc:.4f}")
    print(f"test_acc after training: {test_acc:.4f}")
