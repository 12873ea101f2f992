"""Shared trunk, two heads: cultivar-like class and a continuous quality, balanced by learned task weights."""
from dataclasses import dataclass

import torch
from sklearn.datasets import make_blobs
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class HParams:
    epochs: int = 20
    lr: float = 1.2e-2
    width: int = 32
    batch: int = 64


class MultiTask(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(9, width), nn.GELU(), nn.LayerNorm(width))
        self.cls_head = nn.Linear(width, 5)
        self.reg_head = nn.Sequential(nn.Linear(width, 16), nn.GELU(), nn.Linear(16, 1))
        self.log_vars = nn.Parameter(torch.zeros(2))

    def forward(self, x):
        h = self.trunk(x)
        return self.cls_head(h), self.reg_head(h).squeeze(-1)

    def total(self, l_cls, l_reg):
        w = torch.exp(-self.log_vars)
        return w[0] * l_cls + 0.5 * w[1] * l_reg + 0.5 * self.log_vars.sum()


def build(seed=81):
    g = torch.Generator().manual_seed(seed)
    X, y = make_blobs(n_samples=4000, n_features=9, centers=5, cluster_std=4.5, random_state=seed)
    X = torch.tensor(X, dtype=torch.float32)
    X = (X - X.mean(0)) / X.std(0)
    q = torch.sin(1.5 * X[:, 0]) + 0.6 * X[:, 1] * X[:, 2] + 0.4 * X[:, 3] + 0.35 * torch.randn(len(X), generator=g)
    q = (q - q.mean()) / q.std()
    ds = TensorDataset(X, torch.tensor(y), q)
    return torch.utils.data.random_split(ds, [3200, 800], generator=g)


def evaluate(model, ds):
    model.eval()
    X, y, q = ds.dataset[ds.indices]
    with torch.no_grad():
        logits, pred = model(X)
    return (logits.argmax(1) == y).float().mean().item(), ((pred - q) ** 2).mean().item()


def main(hp):
    torch.manual_seed(81)
    train, val = build()
    model = MultiTask(hp.width)
    ce, mse = nn.CrossEntropyLoss(), nn.MSELoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=hp.lr, weight_decay=1e-2)
    loader = DataLoader(train, batch_size=hp.batch, shuffle=True, drop_last=True)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, hp.epochs * len(loader))
    for epoch in range(hp.epochs):
        model.train()
        sums = [0.0, 0.0]
        for x, y, q in loader:
            logits, pred = model(x)
            l_cls, l_reg = ce(logits, y), mse(pred, q)
            optimizer.zero_grad()
            model.total(l_cls, l_reg).backward()
            optimizer.step()
            scheduler.step()
            sums[0] += l_cls.item() / len(loader)
            sums[1] += l_reg.item() / len(loader)
        acc, err = evaluate(model, val)
        print(f"epoch {epoch + 1:2d}: ce {sums[0]:.3f} mse {sums[1]:.3f} | val acc {acc:.4f} val mse {err:.4f}")


main(HParams())
