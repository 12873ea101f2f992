"""
Chance that a newsletter reader redeems a voucher.  About 3 % do.  The marketing
people need calibrated chances (they multiply them by the basket value), not a yes or no.
As the data is simulated we also know the score of the true chances.
"""
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.metrics import log_loss, roc_auc_score
from torch import nn
from torch.utils.data import DataLoader, Dataset


@dataclass
class Settings:
    readers: int = 30000
    held: int = 10000
    segments: int = 12
    batch: int = 256
    lr: float = 6e-3
    epochs: int = 8
    seed: int = 21


class Newsletter(Dataset):
    def __init__(self, n, cfg, rng):
        effect = np.random.default_rng(500).normal(0, 0.6, cfg.segments)
        self.num = rng.normal(size=(n, 5)).astype(np.float32)
        self.seg = rng.integers(0, cfg.segments, n)
        a, b, c, d, _ = self.num.T
        logit = -4.15 + 0.7 * a - 0.5 * b + 0.4 * a * c + 0.3 * np.abs(d) + effect[self.seg]
        self.chance = 1 / (1 + np.exp(-logit))
        self.redeemed = (rng.random(n) < self.chance).astype(np.float32)

    def __len__(self):
        return len(self.seg)

    def __getitems__(self, idx):
        return torch.from_numpy(self.num[idx]), torch.from_numpy(self.seg[idx]), torch.from_numpy(self.redeemed[idx])


class Redeemer(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.seg = nn.Embedding(cfg.segments, 4)
        self.mlp = nn.Sequential(nn.Linear(9, 32), nn.SiLU(), nn.Linear(32, 1))

    def forward(self, num, seg):
        return self.mlp(torch.cat([num, self.seg(seg)], 1))[:, 0]


def main(cfg=Settings()):
    torch.manual_seed(cfg.seed)
    rng = np.random.default_rng(cfg.seed)
    train, held = Newsletter(cfg.readers, cfg, rng), Newsletter(cfg.held, cfg, rng)
    loader = DataLoader(train, batch_size=cfg.batch, shuffle=True, collate_fn=lambda b: b)
    num, seg = torch.from_numpy(held.num), torch.from_numpy(held.seg)
    model = Redeemer(cfg)
    opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=0.05)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg.epochs * len(loader))
    print(f"{100 * train.redeemed.mean():.1f} % redeemed; true chances: AUC {roc_auc_score(held.redeemed, held.chance):.3f}, "
          f"log loss {log_loss(held.redeemed, held.chance):.4f}")
    for epoch in range(1, cfg.epochs + 1):
        losses = []
        for n, s, r in loader:
            loss = nn.functional.binary_cross_entropy_with_logits(model(n, s), r)
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            losses.append(loss.item())
        with torch.no_grad():
            p = torch.sigmoid(model(num, seg)).double().numpy()
        auc = roc_auc_score(held.redeemed, p)
        print(f"[{epoch}] train {np.mean(losses):.4f} | held-out log loss {log_loss(held.redeemed, p):.4f}, AUC {auc:.3f}, mean chance {p.mean():.4f}")
    print(f"held-out AUC: {auc:.4f}")


if __name__ == "__main__":
    main()
