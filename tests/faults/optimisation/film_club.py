import argparse
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Split:
    user: torch.Tensor
    film: torch.Tensor
    stars: torch.Tensor


def simulate(n_users=150, n_films=100, n=9000, seed=3):
    rng = np.random.default_rng(seed)
    p, q = rng.normal(0, 0.8, (n_users, 3)), rng.normal(0, 0.8, (n_films, 3))
    bu, bf = rng.normal(0, 0.4, n_users), rng.normal(0, 0.5, n_films)
    cells = rng.permutation(n_users * n_films)[:n]
    u, f = cells // n_films, cells % n_films
    stars = np.clip(3.2 + bu[u] + bf[f] + (p[u] * q[f]).sum(1) + rng.normal(0, 0.35, n), 0.5, 6)
    u, f, s = torch.tensor(u), torch.tensor(f), torch.tensor(stars, dtype=torch.float32)
    k = int(0.85 * n)
    return Split(u[:k], f[:k], s[:k]), Split(u[k:], f[k:], s[k:])


class BiasedMF(nn.Module):
    def __init__(self, n_users, n_films, dim, mean):
        super().__init__()
        self.user = nn.Embedding(n_users, dim)
        self.film = nn.Embedding(n_films, dim)
        self.user_bias = nn.Embedding(n_users, 1)
        self.film_bias = nn.Embedding(n_films, 1)
        for emb in (self.user, self.film):
            nn.init.normal_(emb.weight, std=0.1)
        nn.init.zeros_(self.user_bias.weight)
        nn.init.zeros_(self.film_bias.weight)
        self.register_buffer("mean", mean)

    def forward(self, u, f):
        dot = (self.user(u) * self.film(f)).sum(-1)
        return self.mean + dot + self.user_bias(u).squeeze(-1) + self.film_bias(f).squeeze(-1)


def rmse(model, part):
    with torch.no_grad():
        return (model(part.user, part.film) - part.stars).pow(2).mean().sqrt().item()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--dim", type=int, default=3)
    ap.add_argument("--epochs", type=int, default=12)
    ap.add_argument("--lr", type=float, default=0.01)
    ap.add_argument("--reg", type=float, default=0.006)
    args = ap.parse_args()
    torch.manual_seed(0)
    train, test = simulate()
    model = BiasedMF(150, 100, args.dim, train.stars.mean())
    opt = torch.optim.Adam(model.parameters(), lr=args.lr, weight_decay=args.reg)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)
    loader = DataLoader(TensorDataset(train.user, train.film, train.stars), batch_size=128, shuffle=True)
    for epoch in range(args.epochs):
        for u, f, s in loader:
            loss = nn.functional.mse_loss(model(u, f), s)
            opt.zero_grad()
            loss.backward()
            opt.step()
        sched.step()
        print(f"epoch {epoch:02d}  train rmse {rmse(model, train):.4f}  test rmse {rmse(model, test):.4f}")
    print(f"final test rmse {rmse(model, test):.4f}")


if __name__ == "__main__":
    main()
