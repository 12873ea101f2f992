from dataclasses import dataclass
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    users: int = 400
    items: int = 250
    dim: int = 8
    epochs: int = 20
    batch: int = 256
    lr: float = 1e-2
    reg: float = 2e-3
    seed: int = 21


class MatrixFactorization(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.user = nn.Embedding(cfg.users, cfg.dim)
        self.item = nn.Embedding(cfg.items, cfg.dim)
        self.item_bias = nn.Embedding(cfg.items, 1)
        nn.init.normal_(self.user.weight, std=0.1)
        nn.init.normal_(self.item.weight, std=0.1)
        nn.init.zeros_(self.item_bias.weight)

    def forward(self, u, i):
        return (self.user(u) * self.item(i)).sum(-1) + self.item_bias(i).squeeze(-1)


def build_purchases(cfg, rng):
    taste = rng.normal(size=(cfg.users, 4))
    style = rng.normal(size=(cfg.items, 4))
    score = taste @ style.T + rng.normal(size=cfg.items) + rng.gumbel(size=(cfg.users, cfg.items)) * 0.7
    top = np.argsort(-score, axis=1)[:, :40]
    top = rng.permuted(top, axis=1)
    train = [(u, i) for u in range(cfg.users) for i in top[u, :32]]
    test = [(u, i) for u in range(cfg.users) for i in top[u, 32:]]
    bought = np.zeros((cfg.users, cfg.items), dtype=bool)
    np.put_along_axis(bought, top, True, axis=1)
    return torch.tensor(np.array(train)), torch.tensor(np.array(test)), torch.tensor(bought)


def sample_negatives(users, bought, gen):
    neg = torch.randint(bought.shape[1], (len(users),), generator=gen)
    clash = bought[users, neg]
    while clash.any():
        neg[clash] = torch.randint(bought.shape[1], (int(clash.sum()),), generator=gen)
        clash = bought[users, neg]
    return neg


@torch.no_grad()
def ranking_auc(model, pairs, bought):
    model.eval()
    scores = model.user.weight @ model.item.weight.T + model.item_bias.weight.T
    aucs = []
    for u, i in pairs.tolist():
        others = scores[u][~bought[u]]
        aucs.append((scores[u, i] > others).float().mean().item())
    return float(np.mean(aucs))


def main(cfg=Config()):
    torch.manual_seed(cfg.seed)
    gen = torch.Generator().manual_seed(cfg.seed)
    train, test, bought = build_purchases(cfg, np.random.default_rng(cfg.seed))
    model = MatrixFactorization(cfg)
    opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    for epoch in range(cfg.epochs):
        model.train()
        total = 0.0
        for batch in train[torch.randperm(len(train), generator=gen)].split(cfg.batch):
            u, pos = batch[:, 0], batch[:, 1]
            neg = sample_negatives(u, bought, gen)
            diff = model(u, pos) - model(u, neg)
            penalty = model.user(u).pow(2).sum(1) + model.item(pos).pow(2).sum(1) + model.item(neg).pow(2).sum(1)
            loss = F.logsigmoid(diff).mean() + cfg.reg * penalty.mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * len(u)
        if (epoch + 1) % 5 == 0:
            print(f"epoch {epoch + 1}: loss {total / len(train):.4f}, auc {ranking_auc(model, test, bought):.4f}")
    print(f"held-out AUC = {ranking_auc(model, test, bought):.4f}")


if __name__ == "__main__":
    main()
