"""Sentiment of short product reviews; averaged embeddings with word dropout and heavy dropout."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

VOCAB, LENGTH, PAD = 500, 16, 0


def reviews(n, seed):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    tokens = rng.integers(101, VOCAB, (n, LENGTH))
    opinion = rng.random((n, LENGTH)) < 0.4
    agree = rng.random((n, LENGTH)) < 0.75
    polarity = np.where(agree, y[:, None], 1 - y[:, None])
    tokens = np.where(opinion, 1 + 50 * polarity + rng.integers(0, 50, (n, LENGTH)), tokens)
    lengths = rng.integers(6, LENGTH + 1, n)
    tokens[np.arange(LENGTH)[None] >= lengths[:, None]] = PAD
    return torch.tensor(tokens), torch.tensor(y, dtype=torch.float32)


class AveragingNetwork(nn.Module):
    def __init__(self, dim=48, hidden=64, word_drop=0.3, drop=0.6):
        super().__init__()
        self.word_drop = word_drop
        self.embed = nn.Embedding(VOCAB, dim, padding_idx=PAD)
        self.mlp = nn.Sequential(nn.Dropout(drop), nn.Linear(dim, hidden), nn.ReLU(), nn.Dropout(drop), nn.Linear(hidden, 1))

    def forward(self, tokens):
        keep = tokens != PAD
        if self.training:
            keep = keep & (torch.rand(tokens.shape) > self.word_drop)
        weights = keep.float() / keep.sum(1, keepdim=True).clamp(min=1)
        return self.mlp((self.embed(tokens) * weights.unsqueeze(-1)).sum(1)).squeeze(-1)


def evaluate(model, loader):
    model.eval()
    loss, right, n = 0.0, 0, 0
    with torch.no_grad():
        for tokens, y in loader:
            out = model(tokens)
            loss += nn.functional.binary_cross_entropy_with_logits(out, y, reduction="sum").item()
            right += ((out > 0) == (y > 0.5)).sum().item()
            n += len(y)
    return loss / n, right / n


torch.manual_seed(17)
train_loader = DataLoader(TensorDataset(*reviews(4000, 0)), batch_size=80, shuffle=True)
val_loader = DataLoader(TensorDataset(*reviews(2000, 1)), batch_size=500)
model = AveragingNetwork()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(14):
    model.train()
    total, right = 0.0, 0
    for tokens, y in train_loader:
        out = model(tokens)
        loss = nn.functional.binary_cross_entropy_with_logits(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        right += ((out > 0) == (y > 0.5)).sum().item()
    val_loss, val_acc = evaluate(model, val_loader)
    print(f"epoch {epoch + 1:2d}  train {total / 4000:.4f} ({right / 4000:.3f})  val {val_loss:.4f} ({val_acc:.3f})")
print(f"validation accuracy {val_acc:.4f}")
