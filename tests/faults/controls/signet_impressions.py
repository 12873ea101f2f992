# Do two wax impressions come from the same signet ring? One encoder for both, contrastive loss.
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

RINGS, PIXELS = 60, 64


def impressions(rings, per_ring, rng):
    """A ring is a smooth relief; an impression is the relief, pressed harder or softer, with scratches."""
    x = rings[:, None, :] * rng.uniform(0.7, 1.3, (len(rings), per_ring, 1))
    x = x + rng.normal(0, 0.45, x.shape)
    return x.astype(np.float32)


def pairs(x, n, rng):
    same = rng.integers(0, 2, n)
    a = rng.integers(0, len(x), n)
    b = np.where(same == 1, a, (a + rng.integers(1, len(x), n)) % len(x))
    i = rng.integers(0, x.shape[1], n)
    j = (i + rng.integers(1, x.shape[1], n)) % x.shape[1]
    return torch.from_numpy(x[a, i]), torch.from_numpy(x[b, j]), torch.from_numpy(same).float()


class Matcher(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(PIXELS, 64), nn.ReLU(), nn.Linear(64, dim))

    def forward(self, a, b):
        return F.pairwise_distance(self.encoder(a), self.encoder(b))


def contrastive(distance, same, margin=2.0):
    pull = same * distance ** 2
    push = (1 - same) * F.relu(margin - distance) ** 2
    return (pull + push).mean()


def accuracy(model, a, b, same, cut=1.0):
    model.eval()
    with torch.no_grad():
        return ((model(a, b) < cut).float() == same).float().mean().item()


def main():
    rng = np.random.default_rng(25)
    torch.manual_seed(25)
    basis = rng.normal(0, 1, (10, PIXELS))
    rings = rng.normal(0, 1, (RINGS, 10)) @ basis / np.sqrt(10)
    known, unseen = impressions(rings[:48], 20, rng), impressions(rings[48:], 20, rng)
    test = pairs(unseen, 1000, rng)
    model = Matcher()
    opt = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 20)
    for epoch in range(20):
        model.train()
        a, b, same = pairs(known, 2400, rng)
        total = 0.0
        for k in range(0, len(same), 60):
            s = slice(k, k + 60)
            loss = contrastive(model(a[s], b[s]), same[s])
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() * 60
        sched.step()
        print(f"epoch {epoch + 1:2d}  loss {total / len(same):.4f}  known rings {accuracy(model, a, b, same):.4f}"
              f"  unseen rings {accuracy(model, *test):.4f}")


main()
