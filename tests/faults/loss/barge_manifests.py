"""Sort barge manifests (a handful of cargo words each) into the wharf that unloads them."""
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    vocab: int = 260
    wharves: int = 30
    words: int = 14
    n_train: int = 5000
    n_test: int = 1200
    dim: int = 24
    hidden: int = 40
    batch: int = 64
    epochs: int = 11
    lr: float = 3e-3
    seed: int = 5


def make_manifests(cfg, rng, habits, n):
    wharf = rng.integers(0, cfg.wharves, n)
    rows = np.empty((n, cfg.words), dtype=np.int64)
    for i, w in enumerate(wharf):
        common = rng.random(cfg.words) < 0.4
        rows[i] = np.where(common,
                           rng.integers(0, cfg.vocab, cfg.words),
                           rng.choice(cfg.vocab, cfg.words, p=habits[w]))
    return torch.from_numpy(rows), torch.from_numpy(wharf)


class ManifestSorter(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.words = nn.EmbeddingBag(cfg.vocab, cfg.dim, mode="mean")
        self.norm = nn.LayerNorm(cfg.dim)
        self.fc1 = nn.Linear(cfg.dim, cfg.hidden)
        self.drop = nn.Dropout(0.1)
        self.fc2 = nn.Linear(cfg.hidden, cfg.wharves)

    def forward(self, tokens):
        h = self.norm(self.words(tokens))
        h = self.drop(F.relu(self.fc1(h)))
        return self.fc2(h).softmax(dim=-1)


def evaluate(model, tokens, wharf):
    model.eval()
    with torch.no_grad():
        out = model(tokens)
        return F.cross_entropy(out, wharf).item(), (out.argmax(1) == wharf).float().mean().item()


def main():
    cfg = Config()
    torch.manual_seed(cfg.seed)
    rng = np.random.default_rng(cfg.seed)
    habits = rng.dirichlet(np.full(cfg.vocab, 0.12), cfg.wharves)
    train_x, train_y = make_manifests(cfg, rng, habits, cfg.n_train)
    test_x, test_y = make_manifests(cfg, rng, habits, cfg.n_test)

    model = ManifestSorter(cfg)
    opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs)
    for epoch in range(1, cfg.epochs + 1):
        model.train()
        total = 0.0
        for idx in torch.randperm(cfg.n_train).split(cfg.batch):
            loss = F.cross_entropy(model(train_x[idx]), train_y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(idx)
        sched.step()
        test_loss, test_acc = evaluate(model, test_x, test_y)
        print(f"epoch {epoch:2d}  train {total / cfg.n_train:.4f}  test {test_loss:.4f}  acc {test_acc:.3f}")
    print(f"manifests sent to the right wharf: {test_acc:.4f}")


if __name__ == "__main__":
    main()
