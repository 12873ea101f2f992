"""Which of the two markers comes first in a log excerpt? A small transformer, gradient accumulation and warm-up."""
from dataclasses import dataclass

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    vocab: int = 30
    length: int = 24
    dim: int = 32
    heads: int = 4
    layers: int = 2
    micro_batch: int = 32
    accumulate: int = 2
    lr: float = 2e-3
    warmup: int = 40
    epochs: int = 7
    seed: int = 12


def make_logs(cfg, n):
    ids = torch.randint(2, cfg.vocab, (n, cfg.length))
    label = torch.randint(0, 2, (n,))
    for i in range(n):
        a, b = torch.randperm(cfg.length)[:2].sort().values
        ids[i, a], ids[i, b] = (0, 1) if label[i] == 0 else (1, 0)
    return TensorDataset(ids, label)


class LogTransformer(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.tok = nn.Embedding(cfg.vocab, cfg.dim)
        self.pos = nn.Parameter(0.3 * torch.randn(1, cfg.length, cfg.dim))
        layer = nn.TransformerEncoderLayer(cfg.dim, cfg.heads, 2 * cfg.dim, dropout=0.0, batch_first=True,
                                           norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, cfg.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(cfg.dim)
        self.head = nn.Linear(cfg.dim, 2)

    def forward(self, ids):
        h = self.encoder(self.tok(ids) + self.pos)
        return self.head(self.norm(h).amax(1))


def main():
    cfg = Config()
    torch.manual_seed(cfg.seed)
    train_loader = DataLoader(make_logs(cfg, 3200), batch_size=cfg.micro_batch, shuffle=True)
    valid_loader = DataLoader(make_logs(cfg, 800), batch_size=200)
    model = LogTransformer(cfg)
    optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr, betas=(0.9, 0.98), weight_decay=0.01)
    total_updates = cfg.epochs * len(train_loader) // cfg.accumulate
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda k: min((k + 1) / cfg.warmup, max(0.05, 1 - (k - cfg.warmup) / (total_updates - cfg.warmup))))
    criterion = nn.CrossEntropyLoss()

    for epoch in range(cfg.epochs):
        model.train()
        running = 0.0
        optimizer.zero_grad()
        for i, (ids, label) in enumerate(train_loader):
            loss = criterion(model(ids), label)
            (loss / cfg.accumulate).backward()
            running += loss.item()
            if (i + 1) % cfg.accumulate == 0:
                torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
        model.eval()
        with torch.no_grad():
            hits = sum((model(ids).argmax(1) == label).sum().item() for ids, label in valid_loader)
        acc = hits / len(valid_loader.dataset)
        print(f"epoch {epoch}: loss {running / len(train_loader):.4f}, validation accuracy {acc:.4f}, "
              f"lr {schedule.get_last_lr()[0]:.2e}")
    print(f"final validation accuracy: {acc:.4f}")


if __name__ == "__main__":
    main()
