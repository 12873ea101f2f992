"""Classify short windows of keyed tones. First the encoder is trained as an autoencoder, then a classifier sits on it."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

LETTERS = {"A": ".-", "N": "-.", "S": "...", "O": "---", "R": ".-.", "K": "-.-", "U": "..-", "D": "-.."}


def keyed(code, rng, length=64):
    wave = np.zeros(length)
    pos = int(rng.integers(2, 5))
    for mark in code:
        size = 4 if mark == "." else 12
        wave[pos:pos + size] = rng.uniform(0.8, 1.2)
        pos += size + 4
    return wave + rng.normal(0, 0.35, length)


def dataset(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, len(LETTERS), n)
    codes = list(LETTERS.values())
    x = np.stack([keyed(codes[k], rng) for k in y])
    return TensorDataset(torch.tensor((x - 0.33) / 0.6, dtype=torch.float32), torch.tensor(y))


class Trainer:
    def __init__(self, train, test, device="cpu"):
        self.loader = DataLoader(train, batch_size=64, shuffle=True)
        self.test = test.tensors
        self.encoder = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 32))
        self.decoder = nn.Sequential(nn.ReLU(), nn.Linear(32, 64))
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(32, len(LETTERS)))

    def pretrain(self, epochs):
        params = [*self.encoder.parameters(), *self.decoder.parameters()]
        optimizer = torch.optim.Adam(params, lr=2e-3)
        for epoch in range(epochs):
            for x, _ in self.loader:
                loss = F.mse_loss(self.decoder(self.encoder(x)), x)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            print(f"pretrain {epoch}: reconstruction {loss.item():.4f}")

    def finetune(self, epochs):
        params = [*self.encoder.parameters(), *self.head.parameters()]
        optimizer = torch.optim.Adam(params, lr=2e-3, weight_decay=1e-4)
        for epoch in range(epochs):
            total = 0.0
            for x, y in self.loader:
                optimizer.zero_grad()
                loss = F.cross_entropy(self.head(self.encoder(x)), y)
                nn.utils.clip_grad_norm_(params, 5.0)
                optimizer.step()
                total += loss.item()
            print(f"finetune {epoch}: loss {total / len(self.loader):.4f} test accuracy {self.accuracy():.4f}")

    @torch.no_grad()
    def accuracy(self):
        x, y = self.test
        logits = self.head(self.encoder(x))
        return (logits.argmax(1) == y).float().mean().item()


if __name__ == "__main__":
    torch.manual_seed(17)
    trainer = Trainer(dataset(6000, 0), dataset(1000, 1))
    trainer.pretrain(3)
    trainer.finetune(7)
    print(f"letters read correctly: {trainer.accuracy():.4f}")
