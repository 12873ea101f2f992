"""Biased matrix factorisation for film ratings, item vectors initialised from a small random table."""
from dataclasses import dataclass
import torch
from torch import nn


@dataclass
class Setup:
    users: int = 150
    films: int = 100
    rank: int = 6
    per_user: int = 50
    lr: float = 0.02
    decay: float = 3e-4
    epochs: int = 14
    batch: int = 128


def ratings(s, gen):
    u = torch.randn(s.users, 4, generator=gen)
    v = torch.randn(s.films, 4, generator=gen)
    pairs = torch.stack([torch.arange(s.users).repeat_interleave(s.per_user),
                         torch.cat([torch.randperm(s.films, generator=gen)[:s.per_user] for _ in range(s.users)])], 1)
    score = (u[pairs[:, 0]] * v[pairs[:, 1]]).sum(1) + 0.5 * torch.randn(len(pairs), generator=gen)
    return pairs, (score - score.mean()) / score.std()


class Factors(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.user_vec = nn.Embedding.from_pretrained(torch.randn(s.users, s.rank) * 0.3, freeze=False)
        self.film_vec = nn.Embedding.from_pretrained(torch.randn(s.films, s.rank) * 0.3)
        self.user_bias = nn.Embedding.from_pretrained(torch.zeros(s.users, 1), freeze=False)
        self.film_bias = nn.Embedding.from_pretrained(torch.zeros(s.films, 1), freeze=False)

    def forward(self, user, film):
        dot = (self.user_vec(user) * self.film_vec(film)).sum(1)
        return dot + self.user_bias(user).squeeze(1) + self.film_bias(film).squeeze(1)


def rmse(model, pairs, y):
    with torch.no_grad():
        return (model(pairs[:, 0], pairs[:, 1]) - y).pow(2).mean().sqrt().item()


def main():
    s = Setup()
    torch.manual_seed(10)
    pairs, y = ratings(s, torch.Generator().manual_seed(10))
    order = torch.randperm(len(pairs))
    cut = int(0.85 * len(order))
    fit, held = order[:cut], order[cut:]
    model = Factors(s)
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trainable, lr=s.lr, weight_decay=s.decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, s.epochs)
    for epoch in range(s.epochs):
        for idx in fit[torch.randperm(len(fit))].split(s.batch):
            loss = (model(pairs[idx, 0], pairs[idx, 1]) - y[idx]).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
        print(f"epoch {epoch + 1:2d} train rmse {rmse(model, pairs[fit], y[fit]):.4f} held-out rmse {rmse(model, pairs[held], y[held]):.4f}")


if __name__ == "__main__":
    main()
