"""Two towers trained with a symmetric contrastive loss (CLIP style): sensor traces against recipe vectors."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(63)
LATENT = 10


def paired(n, mix_a, mix_b):
    z = torch.randn(n, LATENT)
    a = torch.tanh(z @ mix_a) + 0.15 * torch.randn(n, mix_a.shape[1])
    b = z @ mix_b + 0.3 * (z ** 2 - 1) @ mix_b.flip(0) + 0.3 * torch.randn(n, mix_b.shape[1])
    return a / 0.7, b / b.std()


class Tower(nn.Module):
    def __init__(self, d_in, d_out=24, width=96):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d_in, width), nn.GELU(), nn.Linear(width, d_out))

    def forward(self, x):
        return F.normalize(self.net(x), dim=-1)


class TwoTower(nn.Module):
    def __init__(self, da, db):
        super().__init__()
        self.trace, self.recipe = Tower(da), Tower(db)
        self.log_temp = nn.Parameter(torch.tensor(2.3))

    def forward(self, a, b):
        return self.trace(a) @ self.recipe(b).T * self.log_temp.exp().clamp(max=50)


def clip_loss(sim):
    target = torch.arange(len(sim))
    return 0.5 * (F.cross_entropy(sim, target) + F.cross_entropy(sim.T, target))


def recall_at(sim, k):
    hits = sim.topk(k, dim=1).indices == torch.arange(len(sim))[:, None]
    return hits.any(1).float().mean().item()


def main():
    mix_a, mix_b = torch.randn(LATENT, 30) * 0.4, torch.randn(LATENT, 20) * 0.4
    a, b = paired(6400, mix_a, mix_b)
    a_te, b_te = paired(300, mix_a, mix_b)
    loader = DataLoader(TensorDataset(a, b), batch_size=128, shuffle=True, drop_last=True)
    model = TwoTower(30, 20)
    epochs = 24
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-3)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.88)
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for xa, xb in loader:
            optimizer.zero_grad()
            loss = clip_loss(model(xa, xb))
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item()
        model.eval()
        with torch.no_grad():
            sim = model(a_te, b_te)
        if epoch % 3 == 2:
            print(f"epoch {epoch + 1:2d} loss {total / len(loader):.4f} test loss {clip_loss(sim).item():.4f} R@1 {recall_at(sim, 1):.4f} R@5 {recall_at(sim, 5):.4f}")
    print(f"recall@5 {recall_at(sim, 5):.4f}")
    print(f"recall@1 {recall_at(sim, 1):.4f}")


if __name__ == "__main__":
    main()
