"""Spotting spoken commands in short (synthetic) audio envelopes with a small 1-D CNN."""
import argparse

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--lr", type=float, default=0.05)
parser.add_argument("--seed", type=int, default=7)
args = parser.parse_args()

torch.manual_seed(args.seed)
rng = np.random.default_rng(args.seed)
N_WORDS, LENGTH = 12, 80


def make_clips(per_word):
    t = np.arange(LENGTH) / LENGTH
    clips, words = [], []
    for w in range(N_WORDS):
        f1, f2 = 3 + 1.5 * (w % 4), 12 + 4 * (w // 4)
        for _ in range(per_word):
            clip = np.sin(2 * np.pi * (f1 * t + rng.random())) + 0.8 * np.sin(2 * np.pi * (f2 * t + rng.random()))
            clips.append(clip * rng.uniform(0.7, 1.3) + 0.7 * rng.normal(size=LENGTH))
            words.append(w)
    x = torch.tensor(np.array(clips), dtype=torch.float32).unsqueeze(1)
    x = (x - x.mean()) / x.std()
    return TensorDataset(x, torch.tensor(words))


train_loader = DataLoader(make_clips(200), batch_size=args.batch_size, shuffle=True)
val_loader = DataLoader(make_clips(60), batch_size=256)


class SpotterNet(nn.Module):
    def __init__(self, n_words):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, 16, 9, padding=4), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(16, 32, 7, padding=3), nn.ReLU(), nn.AdaptiveMaxPool1d(4),
        )
        self.classifier = nn.Linear(32 * 4, n_words)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


model = SpotterNet(N_WORDS)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)

for epoch in range(args.epochs):
    model.train()
    total = 0.0
    for clips, words in train_loader:
        optimizer.zero_grad()
        probs = torch.softmax(model(clips), dim=1)
        loss = criterion(probs, words)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(words)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        hits = sum((model(c).argmax(1) == w).sum().item() for c, w in val_loader)
    acc = hits / len(val_loader.dataset)
    print(f"epoch {epoch + 1:2d}  loss {total / len(train_loader.dataset):.4f}  val accuracy {acc:.4f}")
